//! Who is let in, in which way, and what the log has of it.

use super::*;
use crate::sasl::{decode, encode};

#[test]
fn every_way_in_is_logged() {
    let mut paper = Paper::of(Name::Dovecot);
    paper.play(
        "> USER bob
         +OK
         > PASS a b
         -ERR [AUTH] Authentication failed.
         > AUTH PLAIN AGJvYgBvbmU=
         -ERR [AUTH] Authentication failed.
         > AUTH PLAIN
         +\u{20}
         > AGJvYgB0d28=
         -ERR [AUTH] Authentication failed.
         > AUTH LOGIN
         + VXNlcm5hbWU6
         > Ym9i
         + UGFzc3dvcmQ6
         > dGhyZWU=
         -ERR [AUTH] Authentication failed.
         > AUTH login Ym9i
         + UGFzc3dvcmQ6
         > cmlnaHQ=
         +OK Logged in.",
    );
    assert_eq!(
        paper.logins(),
        [
            "bob USER reject a b -",
            "bob PLAIN reject one -",
            "bob PLAIN reject two -",
            "bob LOGIN reject three -",
            "bob LOGIN accept right 00abc",
        ]
    );
    assert_eq!(paper.login, Some(Login { accepted: true, failures: 4 }));
    let totals = paper.dialogue.totals();
    assert_eq!((totals.commands, totals.logins, totals.retrs), (6, Some(5), Some(0)));
}

#[test]
fn the_outcome_comes_with_the_failures_before() {
    let mut paper = Paper::of(Name::Courier);
    for failures in 0..5 {
        paper.say("USER bob");
        assert_eq!(paper.login, None);
        paper.say("PASS wrong");
        assert_eq!(paper.login, Some(Login { accepted: false, failures }));
    }
}

#[test]
fn what_is_given_up_is_no_try() {
    let mut paper = Paper::of(Name::Dovecot);
    paper.play(
        "> AUTH PLAIN
         +\u{20}
         > *
         -ERR Authentication aborted by client.
         > AUTH LOGIN
         + VXNlcm5hbWU6
         > Ym9i
         + UGFzc3dvcmQ6
         > *
         -ERR Authentication aborted by client.
         > AUTH PLAIN
         +\u{20}
         > !!!
         -ERR [AUTH] Invalid base64 in response
         > AUTH PLAIN
         +\u{20}
         > QQ
         -ERR [AUTH] Invalid base64 data in continued response
         > AUTH PLAIN QQ
         -ERR [AUTH] Invalid base64 data in initial response
         > AUTH GSSAPI
         -ERR [AUTH] Unsupported authentication mechanism.",
    );
    let nameless = " PLAIN abort - -";
    assert_eq!(paper.logins(), [nameless, "bob LOGIN abort - -", nameless, nameless, nameless]);
    assert_eq!(paper.login, None);
    assert_eq!(paper.dialogue.totals().logins, Some(0));
}

#[test]
fn dovecot_takes_an_empty_name_for_a_wrong_password() {
    let mut paper = Paper::of(Name::Dovecot);
    paper.play(
        "> AUTH LOGIN =
         + VXNlcm5hbWU6
         >
         -ERR [AUTH] Authentication failed.
         > AUTH LOGIN
         + VXNlcm5hbWU6
         > Ym9iAA==
         -ERR [AUTH] Authentication failed.
         > AUTH PLAIN =
         -ERR [AUTH] Authentication failed.
         > AUTH PLAIN QUJD
         -ERR [AUTH] Authentication failed.",
    );
    assert_eq!(paper.logins().len(), 4);
    assert!(paper.logins().iter().all(|line| line.contains(" reject ")), "{:?}", paper.logins());
}

#[test]
fn courier_bears_a_little_that_is_not_base64() {
    let mut paper = Paper::of(Name::Courier);
    paper.play(
        "> AUTH LOGIN
         + VXNlcm5hbWU6
         > !!
         + UGFzc3dvcmQ6
         > !!
         -ERR Authentication failed.
         > AUTH LOGIN
         + VXNlcm5hbWU6
         > AAA
         + UGFzc3dvcmQ6
         > AAAA
         -ERR Authentication aborted.
         > AUTH LOGIN AAA
         + UGFzc3dvcmQ6
         > AAAA
         -ERR Authentication aborted.
         > AUTH LOGIN *
         + UGFzc3dvcmQ6
         > *
         -ERR Authentication aborted.
         > AUTH PLAIN A!G!Jv!YgB4
         -ERR Authentication aborted.
         > AUTH PLAIN AGJvYgB4!!
         -ERR Authentication failed.
         > AUTH PLAIN QUJD
         -ERR Authentication aborted.
         > AUTH PLAIN AGJvYgByaWdodA== x
         +OK logged in.",
    );
}

#[test]
fn cram_md5_has_a_challenge_that_is_never_the_same() {
    for (name, failed) in [
        (Name::Cyrus, "-ERR [AUTH] authenticating: authentication failure"),
        (Name::Courier, "-ERR Authentication failed."),
    ] {
        let mut paper = Paper::of(name);
        let mut challenges = Vec::new();
        for _ in 0..3 {
            let reply = paper.say("AUTH CRAM-MD5");
            let challenge = decode(reply.strip_prefix("+ ").unwrap().as_bytes()).unwrap();
            let challenge = String::from_utf8(challenge).unwrap();
            assert!(challenge.starts_with('<') && challenge.ends_with("@mx.trap.example>"), "{challenge}");
            challenges.push(challenge);
            let digest = encode(b"bob smith 0123456789abcdef0123456789abcdef");
            assert_eq!(paper.say(&digest), failed);
        }
        challenges.dedup();
        assert_eq!(challenges.len(), 3);
        let line = "bob smith CRAM-MD5 reject 0123456789abcdef0123456789abcdef -";
        assert_eq!(paper.logins(), [line; 3]);
    }
    // Courier does not speak of it.
    assert!(!Paper::of(Name::Courier).say("CAPA").contains("CRAM"));
}

#[test]
fn cyrus_says_what_its_library_says() {
    let mut paper = Paper::of(Name::Cyrus);
    paper.play(
        "> AUTH  PLAIN
         +\u{20}
         > *never mind
         -ERR [AUTH] Client canceled authentication
         > AUTH PLAIN !!!
         -ERR [AUTH] authenticating: bad protocol / cancel
         > AUTH PLAIN QUJD
         -ERR [AUTH] authenticating: bad protocol / cancel
         > AUTH DIGEST-MD5
         -ERR [AUTH] authenticating: no mechanism available
         > AUTH PLAIN AGJvYgBvbmU=
         -ERR [AUTH] authenticating: authentication failure
         > AUTH LOGIN
         + VXNlcm5hbWU6
         >
         + UGFzc3dvcmQ6
         > cmlnaHQ=
         -ERR [AUTH] authenticating: authentication failure",
    );
    assert!(paper.say("AUTH PLAIN AGJvYgByaWdodA==").starts_with("+OK Mailbox locked and ready SESSIONID=<"));
}

#[test]
fn exchange_takes_a_response_only_when_it_asks() {
    let mut paper = Paper::of(Name::Exchange);
    paper.play(
        "> AUTH PLAIN AGJvYgByaWdodA==
         -ERR Protocol error. 16
         > AUTH NTLM
         -ERR Protocol error. 14
         > AUTH PLAIN
         +\u{20}
         > *
         -ERR The AUTH protocol exchange was canceled by the client.
         > AUTH PLAIN
         +\u{20}
         > AGJvYgB3cm9uZw==
         -ERR Authentication failure: unknown user name or bad password.
         > AUTH PLAIN
         +\u{20}
         > AGJvYgByaWdodA==
         +OK User successfully authenticated.",
    );
}

#[test]
fn a_wrong_password_ends_the_conversation_with_qpopper() {
    for last in ["PASS wrong", "APOP bob 0123456789abcdef0123456789abcdef"] {
        let mut paper = Paper::of(Name::Qpopper);
        if last.starts_with("PASS") {
            paper.say("USER bob");
        }
        assert_eq!(
            paper.say(last),
            "-ERR [AUTH] Password supplied for \"bob\" is incorrect.\n\
             +OK Pop server at mx.trap.example signing off."
        );
        assert_eq!(paper.next, Next::Close(Reason::Limit));
        assert_eq!(paper.login, Some(Login { accepted: false, failures: 0 }));
    }
}

#[test]
fn blanks_belong_to_passwords_and_sometimes_to_names() {
    for (name, user, password, logged) in [
        (Name::Dovecot, "USER  bob ", "PASS  x ", " bob  USER reject  x  -"),
        (Name::Courier, "USER  bob ", "PASS  x ", " bob  USER reject  x  -"),
        (Name::Exchange, "USER  bob ", "PASS  x ", " bob  USER reject  x  -"),
        (Name::Cyrus, "USER  bob ", "PASS  x ", "bob  USER reject  x  -"),
        (Name::Qpopper, "USER  bob ", "PASS  x ", "bob USER reject  x  -"),
    ] {
        let mut paper = Paper::of(name);
        paper.say(user);
        paper.say(password);
        assert_eq!(paper.logins(), [logged], "{name:?}");
    }
}

#[test]
fn long_names_and_passwords_are_cut() {
    let long = "n".repeat(1_000);
    let mut paper = Paper::of(Name::Courier);
    paper.say(&format!("USER {long}"));
    paper.say(&format!("PASS {long}"));
    paper.say(&format!("AUTH PLAIN {}", encode(format!("\0{long}\0{long}").as_bytes())));
    paper.say(&format!("AUTH LOGIN {}", encode(long.as_bytes())));
    paper.say("*");
    for what in &paper.notes {
        let What::Login { user, password, .. } = what else { panic!("{what:?}") };
        assert!(user.to_string().len() <= Plain::LONGEST + 3, "{user}");
        assert!(password.as_ref().is_none_or(|text| text.to_string().len() <= Plain::LONGEST + 3));
    }
    assert_eq!(paper.notes.len(), 3);
    assert!(paper.dialogue.user.is_some_and(|user| user.len() == LONGEST_KEPT));
}

#[test]
fn the_log_has_an_end() {
    let mut paper = Paper::of(Name::Courier);
    for _ in 0..MOST_NOTES + 500 {
        paper.say("AUTH PLAIN AGJvYgB4");
    }
    assert_eq!(paper.notes.len(), usize::try_from(MOST_NOTES).unwrap());
    assert_eq!(paper.dialogue.totals().logins, Some(u64::from(MOST_NOTES) + 500));
}

#[test]
fn everybody_who_listens_is_told_of_an_exchange() {
    let mut paper = Paper::of(Name::Dovecot);
    assert!(!paper.dialogue.in_exchange());
    paper.say("AUTH LOGIN");
    assert!(paper.dialogue.in_exchange());
    paper.say("Ym9i");
    assert!(paper.dialogue.in_exchange());
    paper.say("*");
    assert!(!paper.dialogue.in_exchange());
}
