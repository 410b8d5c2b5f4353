//! What the SMTP targets share: policies, and the protocol's alphabet.

use sundew::persona::smtp::Name;
use sundew::receipt::NoneIssued;
use sundew::smtp::dialogue::message::Forget;
use sundew::smtp::dialogue::{MessageVerdict, NullSender, Policy, Recipients};

const ALPHABET: &[&[u8]] = &[
    b"HELO a\r\n",
    b"EHLO b.example\r\n",
    b"EHLO\r\n",
    b"MAIL FROM:<a@example.net>\r\n",
    b"MAIL FROM:<>\r\n",
    b"MAIL FROM:<a@example.net> SIZE=",
    b"BODY=8BITMIME",
    b"AUTH=<>",
    b"RCPT TO:<b@example.org>\r\n",
    b"RCPT TO:<b@example.com>\r\n",
    b"RCPT TO:",
    b"DATA\r\n",
    b".\r\n",
    b"..\r\n",
    b".\n",
    b"\r.\r",
    b"QUIT\r\n",
    b"RSET\r\n",
    b"NOOP\r\n",
    b"VRFY root\r\n",
    b"EXPN list\r\n",
    b"HELP\r\n",
    b"HELP mail\r\n",
    b"AUTH LOGIN\r\n",
    b"AUTH PLAIN\r\n",
    b"AUTH PLAIN AGEAYg==\r\n",
    b"AUTH CRAM-MD5\r\n",
    b"dXNlcg==\r\n",
    b"=\r\n",
    b"*\r\n",
    b"STARTTLS\r\n",
    b"GET / HTTP/1.1\r\n",
    b"\x00",
    b"\xff\xfd\x01",
    b"\x80",
    b" ",
    b"\t",
    b"<",
    b">",
    b"@",
    b":",
    b"\"",
    b"\\",
    b",",
    b";",
    b"(",
    b")",
    b"[127.0.0.1]",
    b"[IPv6:::1]",
    b"%",
    b"!",
    b"a",
    b"MAIL",
    b"FROM:",
    b"-1",
    b"99999999999999999999",
    b"\r\n",
    b"\n",
    b"\r",
    b"helo",
    b"mail from:",
    b"=41",
    b"example.org",
    b"aaaaaaaaaaaaaaaa",
];

/// The bytes as they are, or each of them as a word of the alphabet.
pub fn fold(bytes: &[u8], fold: bool) -> Vec<u8> {
    match fold {
        false => bytes.to_vec(),
        true => {
            bytes.iter().flat_map(|&byte| ALPHABET[usize::from(byte) % ALPHABET.len()]).copied().collect()
        }
    }
}

/// One of the policies.
pub fn policy(choice: u8) -> Policy {
    let name = Name::ALL[usize::from(choice) % Name::ALL.len()];
    Policy {
        persona: name.persona(),
        hostname: "mx.example.org".into(),
        domains: vec!["example.org".into()],
        recipients: [Recipients::Domain, Recipients::Any, Recipients::Issued][usize::from(choice >> 2) % 3],
        null_sender: [NullSender::Refuse, NullSender::Accept][usize::from(choice >> 4 & 1)],
        verdict: [MessageVerdict::Tempfail, MessageVerdict::Reject, MessageVerdict::Accept]
            [usize::from(choice >> 5) % 3],
        max_message: 1_000,
        auth_after: u32::from(choice >> 6 & 1),
        human_auth_after: 2,
        peer: None,
        issued: Box::new(NoneIssued),
        keep: Box::new(Forget),
    }
}
