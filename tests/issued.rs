//! Addresses that are ours, over a real connection: made here with the secret, recognised there.

use sundew::event::{Plain, Verdict, What};
use sundew::names::Language;
use sundew::receipt::{Maker, Receipt, Style};

use crate::harness::servers::{Server, Setup, Super};
use crate::harness::talk::Talk;

const SECRET: &str = "sixteen bytes or more";

const RECEIPT: Receipt = Receipt { season: 3, style: Style::Mailto, visit: 0x0a3f1, nth: 2 };

/// A server that has the secret and mail for example.org.
fn server(recipients: &str) -> Server {
    let setup = Setup::under(Super::Tcpserver);
    let secret = setup.dir().write("secret", SECRET);
    let config = format!(
        "secret_file = {secret:?}\nspeedup = 500\n[smtarpit]\nhold_at = \"quit\"\nrecipients = {recipients:?}"
    );
    setup.config(&config).start()
}

fn begin(server: &Server) -> Talk {
    let mut talk = server.talk();
    talk.reply();
    for line in ["EHLO x.example", "MAIL FROM:<a@x.example>"] {
        assert!(talk.ask(line).starts_with("250"), "{line}");
    }
    talk
}

/// What the log says of each recipient: the verdict and the receipt.
fn logged(server: &Server, count: usize) -> Vec<(Verdict, Option<String>)> {
    let word = |plain: Plain| plain.as_str().to_owned();
    let rcpt = |what| match what {
        What::Rcpt { verdict, receipt, .. } => (verdict, receipt.map(word)),
        other => panic!("{other:?}"),
    };
    server.log.count("rcpt", count).into_iter().map(|event| rcpt(event.what)).collect()
}

fn maker(language: Language) -> Maker {
    Maker::new(SECRET.as_bytes(), language)
}

fn local() -> String {
    maker(Language::English).person(&RECEIPT).local
}

#[test]
fn only_what_was_issued_is_accepted() {
    let server = server("issued");
    let mut talk = begin(&server);
    let shown = Some(RECEIPT.to_string());
    let cast = Receipt { season: 0, style: Style::Cast, visit: 7, nth: 0 };
    let cast_local = maker(Language::English).person(&cast).local;
    let [german, french] =
        [Language::German, Language::French].map(|language| maker(language).person(&RECEIPT).local);
    let strange = Maker::new(b"another secret of some bytes", Language::English).person(&RECEIPT).local;
    for (address, code, verdict, receipt) in [
        (format!("{}@example.org", local()), "250", Verdict::Accept, shown.clone()),
        (format!("{}@EXAMPLE.ORG", local().to_uppercase()), "250", Verdict::Accept, shown.clone()),
        (format!("{}-list@example.org", local()), "250", Verdict::Accept, shown.clone()),
        (format!("{german}@example.org"), "250", Verdict::Accept, shown.clone()),
        (format!("{french}@example.org"), "250", Verdict::Accept, shown),
        (format!("{cast_local}@example.org"), "250", Verdict::Accept, Some(cast.to_string())),
        ("anna.berger84@example.org".to_owned(), "550", Verdict::Reject, None),
        (format!("{strange}@example.org"), "550", Verdict::Reject, None),
        (format!("x{}@example.org", local()), "550", Verdict::Reject, None),
        ("info@example.org".to_owned(), "550", Verdict::Reject, None),
    ] {
        let before = server.log.events().iter().filter(|event| event.what.word() == "rcpt").count();
        let reply = talk.ask(&format!("RCPT TO:<{address}>"));
        assert!(reply.starts_with(code), "{address}: {reply}");
        assert_eq!(logged(&server, before + 1).last(), Some(&(verdict, receipt)), "{address}");
    }
    // Ours, but not at a domain of ours.
    let reply = talk.ask(&format!("RCPT TO:<{}@example.com>", local()));
    assert!(reply.starts_with("454") && reply.contains("Relay access denied"), "{reply}");
}

#[test]
fn a_receipt_is_logged_whoever_is_accepted() {
    let server = server("domain");
    let mut talk = begin(&server);
    for address in [format!("{}@example.org", local()), "info@example.org".to_owned()] {
        assert!(talk.ask(&format!("RCPT TO:<{address}>")).starts_with("250"));
    }
    let receipts = logged(&server, 2);
    assert_eq!(receipts, [(Verdict::Accept, Some(RECEIPT.to_string())), (Verdict::Accept, None)]);
}
