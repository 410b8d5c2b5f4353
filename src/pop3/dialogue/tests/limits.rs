//! What a persona does not bear: mistakes, long lines, silence, odd bytes.

use super::*;

#[test]
fn dovecot_bears_two_unknown_commands_in_a_row() {
    let mut paper = Paper::of(Name::Dovecot);
    paper.play(
        "> FOO
         -ERR Unknown command.
         > FOO
         -ERR Unknown command.
         > STLS
         -ERR TLS support isn't enabled.
         > FOO
         -ERR Unknown command.
         > FOO
         -ERR Unknown command.
         > AUTH
         +OK
         PLAIN
         LOGIN
         .
         > FOO
         -ERR Unknown command.
         -ERR Too many invalid bad commands.",
    );
    assert_eq!(paper.next, Next::Close(Reason::Limit));
}

#[test]
fn dovecot_bears_twenty_mistakes_after_the_login() {
    let mut paper = Paper::of(Name::Dovecot);
    // What came before the login is forgotten with it.
    paper.play("> FOO\n-ERR Unknown command.\n> FOO\n-ERR Unknown command.");
    assert_eq!(paper.say("AUTH PLAIN AGJvYgByaWdodA=="), "+OK Logged in.");
    for _ in 0..20 {
        assert_eq!(paper.say("LIST 900"), "-ERR There's no message 900.");
    }
    paper.say("NOOP");
    for _ in 0..10 {
        assert_eq!(paper.say("foo"), "-ERR Unknown command: FOO");
        assert_eq!(paper.say("RETR x"), "-ERR Invalid message number: x");
    }
    assert_eq!(paper.next, Next::Command);
    assert_eq!(paper.say("FOO"), "-ERR Unknown command: FOO\n-ERR Too many bad commands.");
    assert_eq!(paper.next, Next::Close(Reason::Limit));
}

#[test]
fn exchange_bears_two_mistakes_in_all() {
    let mut paper = Paper::of(Name::Exchange);
    paper.play(
        "> FOO
         -ERR Protocol error. 19
         > USER bob
         +OK
         > PASS right
         +OK User successfully logged on.
         > LIST x
         -ERR Protocol error. 14
         > LIST 900
         -ERR The specified message is out of range.
         > PASS x
         -ERR Command is not valid in this state.
         Connection is closed. 21",
    );
    assert_eq!(paper.next, Next::Close(Reason::Limit));
    let mut paper = Paper::of(Name::Exchange);
    paper.play(
        "> STAT
         -ERR Command is not valid in this state.
         > US\u{e9}R
         -ERR Protocol error. 17
         > FOO
         -ERR Protocol error. 20",
    );
    assert_eq!(paper.next, Next::Close(Reason::Limit));
}

#[test]
fn exchange_counts_what_comes_without_a_login() {
    let mut paper = Paper::of(Name::Exchange);
    for _ in 0..8 {
        paper.say("CAPA");
        assert_eq!(paper.next, Next::Command);
    }
    assert_eq!(paper.say("AUTH PLAIN"), "+ ");
    assert_eq!(paper.next, Next::Close(Reason::Limit));
    assert!(!paper.dialogue.in_exchange());

    let mut paper = Paper::inside(Name::Exchange);
    for number in 1..=10 {
        assert_eq!(paper.next, Next::Command, "{number}");
        assert_eq!(paper.say("LIST 900"), "-ERR The specified message is out of range.");
    }
    assert_eq!(paper.next, Next::Close(Reason::Limit));
}

#[test]
fn exchange_closes_after_some_logins_that_failed() {
    let mut paper = Paper::of(Name::Exchange);
    for _ in 0..3 {
        paper.say("USER bob");
        assert_eq!(paper.say("PASS x"), "-ERR Logon failure: unknown user name or bad password.");
    }
    paper.say("USER bob");
    assert_eq!(
        paper.say("PASS x"),
        "-ERR Logon failure: unknown user name or bad password.\nConnection is closed. 21"
    );
    assert_eq!(paper.next, Next::Close(Reason::Limit));
    assert_eq!(paper.logins().len(), 4);
}

#[test]
fn the_others_bear_everything() {
    for name in [Name::Courier, Name::Cyrus, Name::Qpopper] {
        for mut paper in [Paper::of(name), Paper::inside(name)] {
            for _ in 0..100 {
                assert!(paper.say("FOO").starts_with("-ERR"), "{name:?}");
            }
        }
    }
}

/// What is said to a line of this form with so many bytes in the place of `#`.
fn long(paper: &mut Paper, form: &str, bytes: usize) -> String {
    paper.say(&form.replace('#', &"a".repeat(bytes)))
}

#[test]
fn dovecot_has_room_for_so_much() {
    let full = "-ERR Input buffer full, aborting";
    assert_eq!(long(&mut Paper::of(Name::Dovecot), "USER #", 1_024), "+OK");
    assert_eq!(long(&mut Paper::of(Name::Dovecot), "USER #", 1_025), full);
    assert_eq!(long(&mut Paper::of(Name::Dovecot), "#", 1_032), "-ERR Unknown command.");
    assert_eq!(long(&mut Paper::of(Name::Dovecot), "#", 1_033), full);
    let mut paper = Paper::inside(Name::Dovecot);
    assert!(long(&mut paper, "LIST #", 2_041).starts_with("-ERR Invalid message number: aaa"));
    assert_eq!(long(&mut paper, "LIST #", 2_042), "-ERR Input line too long.");
    assert_eq!(paper.next, Next::Close(Reason::Limit));

    // A response may be longer; if it is too long the connection just ends.
    let mut paper = Paper::of(Name::Dovecot);
    assert_eq!(long(&mut paper, "AUTH PLAIN #", 2_000), "-ERR [AUTH] Authentication failed.");
    paper.say("AUTH PLAIN");
    assert_eq!(long(&mut paper, "#", 8_188), "-ERR [AUTH] Authentication failed.");
    paper.say("AUTH PLAIN");
    assert_eq!(long(&mut paper, "#", 8_192), "");
    assert_eq!(paper.next, Next::Close(Reason::Limit));
    assert_eq!(long(&mut Paper::of(Name::Dovecot), "AUTH PLAIN #", 8_192), "");
}

#[test]
fn exchange_has_room_for_less() {
    let full = "-ERR Protocol error. Connection is closed. 10";
    assert_eq!(long(&mut Paper::of(Name::Exchange), "USER #", 500), "+OK");
    assert_eq!(long(&mut Paper::of(Name::Exchange), "USER #", 600), full);
    assert_eq!(long(&mut Paper::of(Name::Exchange), "AUTH PLAIN #", 600), full);
    let mut paper = Paper::of(Name::Exchange);
    paper.say("AUTH PLAIN");
    assert!(long(&mut paper, "#", 4_000).starts_with("-ERR Authentication failure"));
    paper.say("AUTH PLAIN");
    assert_eq!(long(&mut paper, "#", 5_000), full);
}

#[test]
fn of_a_line_without_an_end_the_beginning_counts() {
    let line = "x".repeat(16 * 1024);
    for name in Name::ALL {
        let mut paper = Paper::of(*name);
        let mut moment = Moment { wall: wall(), rng: &mut paper.rng };
        let reply = paper.dialogue.overlong(line.as_bytes(), &mut moment);
        assert!(reply.text.starts_with(b"-ERR") && reply.text.len() <= 512, "{name:?}");
    }
}

#[test]
fn silence_ends_as_the_persona_ends_it() {
    let end = |paper: &mut Paper| {
        let reply = paper.dialogue.timeout();
        assert_eq!(reply.next, Next::Close(Reason::Timeout));
        (paper.dialogue.idle_limit().as_secs(), String::from_utf8(reply.text).unwrap())
    };
    let inactivity = "-ERR Disconnected for inactivity.\r\n";
    assert_eq!(end(&mut Paper::of(Name::Dovecot)), (180, inactivity.into()));
    assert_eq!(end(&mut Paper::inside(Name::Dovecot)), (600, inactivity.into()));
    let mut paper = Paper::of(Name::Dovecot);
    paper.say("AUTH PLAIN");
    assert_eq!(end(&mut paper), (180, "-ERR Disconnected for inactivity during authentication.\r\n".into()));
    assert_eq!(end(&mut Paper::of(Name::Courier)), (60, String::new()));
    assert_eq!(end(&mut Paper::inside(Name::Courier)), (300, String::new()));
    assert_eq!(end(&mut Paper::of(Name::Cyrus)), (600, String::new()));
    assert_eq!(end(&mut Paper::of(Name::Exchange)), (60, "-ERR Connection is closed. 12\r\n".into()));
    assert_eq!(end(&mut Paper::inside(Name::Exchange)).0, 1_800);
    assert_eq!(
        end(&mut Paper::inside(Name::Qpopper)),
        (
            120,
            "-ERR POP timeout from mx.trap.example\r\n+OK Pop server at mx.trap.example signing off.\r\n"
                .into()
        )
    );
}

#[test]
fn a_nul_hides_the_rest_of_a_line() {
    let mut paper = Paper::of(Name::Dovecot);
    assert_eq!(paper.send(b"USER bob\0joe"), "+OK");
    assert_eq!(paper.send(b"PASS right\0"), "+OK Logged in.");
    assert_eq!(paper.send(b"LIST 1\0x"), paper.send(b"LIST 1"));
    assert_eq!(paper.send(b"\0STAT"), "-ERR Unknown command.");

    // Courier reads on to the end of the next line.
    let mut paper = Paper::of(Name::Courier);
    assert_eq!(paper.hear(b"USER bob\0joe").text, b"");
    assert_eq!(paper.send(b"QUIT"), "+OK Password required.");
    assert_eq!(paper.send(b"PASS right"), "+OK logged in.");
    assert_eq!(paper.dialogue.totals().commands, 2);
}

#[test]
fn a_cr_inside_of_a_line() {
    let mut paper = Paper::of(Name::Dovecot);
    assert!(paper.send(b"\rCA\rPA\r").starts_with("+OK\nCAPA\n"));
    assert_eq!(paper.send(b"CAPA\rFOO"), "-ERR Unknown command.");
    let mut paper = Paper::inside(Name::Dovecot);
    assert_eq!(paper.send(b"NO\rOP"), "-ERR Unknown command: NO?OP");

    let mut paper = Paper::of(Name::Courier);
    assert_eq!(paper.send(b"USER \rbob\rx"), "+OK Password required.");
    assert_eq!(paper.send(b"PASS \rright\rx"), "+OK logged in.");
    assert_eq!(paper.logins(), ["bob USER accept right 00abc"]);
    assert_eq!(paper.send(b"\rNOOP\rx"), "+OK Yup.");
}
