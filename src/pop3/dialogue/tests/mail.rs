//! The mailbox: its numbers, its messages and its deletions.

use super::*;

/// Lines of a list, without its head and its dot.
fn list(reply: &str) -> Vec<(String, String)> {
    let mut lines: Vec<&str> = reply.lines().collect();
    assert_eq!(lines.pop(), Some("."), "{reply}");
    lines
        .iter()
        .skip(1)
        .map(|line| line.split_once(' ').unwrap())
        .map(|(a, b)| (a.into(), b.into()))
        .collect()
}

#[test]
fn sizes_are_the_same_wherever_they_are_told() {
    let (count, octets) = totals();
    for name in Name::ALL {
        let mut paper = Paper::inside(*name);
        assert_eq!(paper.say("STAT"), format!("+OK {count} {octets}"), "{name:?}");
        let listed = list(&paper.say("LIST"));
        assert_eq!(listed.len(), count, "{name:?}");
        assert_eq!(listed.iter().map(|(_, size)| size.parse::<u64>().unwrap()).sum::<u64>(), octets);
        for (at, (number, size)) in listed.iter().enumerate().take(5) {
            assert_eq!(number, &(at + 1).to_string());
            assert_eq!(paper.say(&format!("LIST {number}")), format!("+OK {number} {size}"), "{name:?}");
            let message = paper.hear(format!("RETR {number}").as_bytes());
            let text = message.text.get(message.head..).unwrap().strip_suffix(b".\r\n").unwrap();
            let stuffed = text.split_inclusive(|&b| b == b'\n').filter(|line| line.starts_with(b".")).count();
            assert_eq!((text.len() - stuffed).to_string(), *size, "{name:?} {number}");
        }
    }
}

#[test]
fn unique_ids_are_unique_and_told_alike() {
    for name in Name::ALL {
        let mut paper = Paper::inside(*name);
        let uids = list(&paper.say("UIDL"));
        let mut sorted: Vec<&String> = uids.iter().map(|(_, uid)| uid).collect();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), totals().0, "{name:?}");
        // RFC 1939 7: one to 70 characters, printable and no blank.
        assert!(sorted.iter().all(|uid| uid.len() <= 70 && uid.bytes().all(|b| b.is_ascii_graphic())));
        let (number, uid) = &uids[3];
        assert_eq!(paper.say(&format!("UIDL {number}")), format!("+OK {number} {uid}"), "{name:?}");
        assert_eq!(list(&Paper::inside(*name).say("UIDL")), uids, "{name:?}");
    }
    let uid = |name| list(&Paper::inside(name).say("UIDL")).remove(0).1;
    assert!(uid(Name::Dovecot).len() == 16 && uid(Name::Dovecot).bytes().all(|b| b.is_ascii_hexdigit()));
    assert!(uid(Name::Courier).starts_with("UID") && uid(Name::Courier).contains('-'));
    assert!(uid(Name::Cyrus).split('.').all(|part| part.parse::<u32>().is_ok()));
}

#[test]
fn what_is_deleted_is_gone_until_it_is_not() {
    let (count, octets) = totals();
    let size = mailbox().size(1);
    for name in Name::ALL {
        let mut paper = Paper::inside(*name);
        assert!(paper.say("DELE 2").starts_with("+OK"), "{name:?}");
        assert_eq!(paper.say("STAT"), format!("+OK {} {}", count - 1, octets - size), "{name:?}");
        assert!(!list(&paper.say("LIST")).iter().any(|(number, _)| number == "2"), "{name:?}");
        assert!(!list(&paper.say("UIDL")).iter().any(|(number, _)| number == "2"), "{name:?}");
        for command in ["LIST 2", "UIDL 2", "RETR 2", "TOP 2 0"] {
            assert!(paper.say(command).starts_with("-ERR"), "{name:?} {command}");
        }
        assert!(paper.say("RETR 3").starts_with("+OK"), "{name:?}");
        assert!(paper.say("RSET").starts_with("+OK"), "{name:?}");
        assert_eq!(paper.say("STAT"), format!("+OK {count} {octets}"), "{name:?}");
        assert!(paper.say("RETR 2").starts_with("+OK"), "{name:?}");
    }
}

#[test]
fn quit_says_whether_anything_was_deleted() {
    let bye = |commands: &[&str]| {
        let mut paper = Paper::inside(Name::Dovecot);
        commands.iter().for_each(|command| assert!(paper.say(command).starts_with("+OK")));
        paper.say("QUIT")
    };
    assert_eq!(bye(&[]), "+OK Logging out.");
    assert_eq!(bye(&["DELE 1"]), "+OK Logging out, messages deleted.");
    assert_eq!(bye(&["DELE 1", "RSET"]), "+OK Logging out.");
    assert_eq!(Paper::of(Name::Dovecot).say("QUIT"), "+OK Logging out");
}

#[test]
fn deleting_twice() {
    for (name, reply) in [
        (Name::Dovecot, "-ERR Message is deleted."),
        (Name::Courier, "-ERR Invalid message number."),
        (Name::Cyrus, "-ERR No such message"),
        (Name::Qpopper, "+OK Message 1 has been deleted."),
        (Name::Exchange, "-ERR The requested message is no longer available; it may have been deleted."),
    ] {
        let mut paper = Paper::inside(name);
        paper.say("DELE 1");
        assert_eq!(paper.say("DELE 1"), reply, "{name:?}");
    }
}

#[test]
fn qpopper_knows_the_last_message() {
    let mut paper = Paper::inside(Name::Qpopper);
    let (count, octets) = totals();
    paper.play("> LAST\n+OK 0 is the last message seen.\n> DELE 3\n+OK Message 3 has been deleted.");
    paper.say("RETR 1");
    paper.play("> LAST\n+OK 3 is the last message seen.");
    assert_eq!(paper.say("RSET"), format!("+OK Maildrop has {count} messages ({octets} octets)"));
    paper.play("> LAST\n+OK 0 is the last message seen.");
}

#[test]
fn dots_are_stuffed() {
    let message = b"Subject: .\r\n.X: y\r\n\r\n.\r\n..\r\n.a\r\nb.\r\n\r\n.";
    let stuffed = |lines| {
        let mut out = Vec::new();
        maildrop::stuff(&mut out, message, lines);
        String::from_utf8(out).unwrap()
    };
    let header = "Subject: .\r\n..X: y\r\n\r\n";
    assert_eq!(stuffed(None), format!("{header}..\r\n...\r\n..a\r\nb.\r\n\r\n.."));
    assert_eq!(stuffed(Some(0)), header);
    assert_eq!(stuffed(Some(2)), format!("{header}..\r\n...\r\n"));
    assert_eq!(stuffed(Some(u64::MAX)), stuffed(None));
}

#[test]
fn top_has_the_header_and_so_many_lines() {
    let whole = String::from_utf8(mailbox().text(0)).unwrap();
    let (header, body) = whole.split_once("\r\n\r\n").unwrap();
    for name in Name::ALL {
        let mut paper = Paper::inside(*name);
        let top = |paper: &mut Paper, lines: usize| {
            let reply = paper.hear(format!("TOP 1 {lines}").as_bytes());
            let text = reply.text.get(reply.head..).unwrap().to_vec();
            assert!(reply.notes.is_empty(), "TOP is no RETR");
            String::from_utf8(text).unwrap()
        };
        assert_eq!(top(&mut paper, 0), format!("{header}\r\n\r\n.\r\n"), "{name:?}");
        let two: String = body.split_inclusive('\n').take(2).collect();
        assert_eq!(top(&mut paper, 2), format!("{header}\r\n\r\n{two}.\r\n"), "{name:?}");
        let all = paper.hear(b"RETR 1");
        assert_eq!(top(&mut paper, 1_000_000).as_bytes(), all.text.get(all.head..).unwrap(), "{name:?}");
    }
}

#[test]
fn what_is_read_is_logged() {
    let mut paper = Paper::inside(Name::Dovecot);
    let bytes = paper.hear(b"RETR 2").text.len() as u64;
    paper.say("RETR 900");
    assert_eq!(paper.notes.last(), Some(&What::Retr { number: 2, bytes }));
    let totals = paper.dialogue.totals();
    assert_eq!((totals.commands, totals.logins, totals.retrs), (4, Some(1), Some(1)));
    assert_eq!(totals.mails, None);
}

#[test]
fn dovecot_on_numbers() {
    Paper::inside(Name::Dovecot).play(
        "> LIST 900
         -ERR There's no message 900.
         > LIST 00
         -ERR There's no message 0.
         > LIST x y
         -ERR Invalid message number: x y
         > LIST -1
         -ERR Invalid message number: -1
         > LIST 1 2
         -ERR Noise after message number:  2
         > LIST 4294967295
         -ERR There's no message 4294967295.
         > LIST 4294967296 x
         -ERR Message number too large:  x
         > LIST 99999999999999999999
         -ERR Message number too large: 99999999999999999999
         > RETR
         -ERR Invalid message number:\u{20}
         > TOP 1
         -ERR Noise after message number:\u{20}
         > TOP 1 x
         -ERR Invalid size: x
         > TOP 1 2 3
         -ERR Noise after size:  3
         > TOP 900 x
         -ERR There's no message 900.
         > TOP 1 18446744073709551616
         -ERR Size too large: 18446744073709551616",
    );
    let mut paper = Paper::inside(Name::Dovecot);
    assert_eq!(paper.send(b"RETR 1 "), "-ERR Noise after message number:  ");
    assert_eq!(paper.send(b"TOP 1 "), "-ERR Invalid size: ");
    assert!(paper.say("TOP 1 4294967296").starts_with("+OK\n"));
}

#[test]
fn courier_on_numbers() {
    let mut paper = Paper::inside(Name::Courier);
    for good in
        ["LIST 1x", "LIST +1", "LIST 4294967297", "LIST -4294967295", "LIST 1 2", "LIST\t1", "LIST \x0b1"]
    {
        assert!(paper.say(good).starts_with("+OK 1 "), "{good}");
    }
    for bad in ["LIST 0", "LIST -1", "LIST x", "LIST 900", "RETR", "TOP", "LIST 99999999999999999999"] {
        assert_eq!(paper.say(bad), "-ERR Invalid message number.", "{bad}");
    }
    for none in ["TOP 1", "TOP 1x1"] {
        assert_eq!(paper.say(none), "-ERR Invalid command.", "{none}");
    }
    let (one, all) = (paper.say("TOP 1 1"), paper.say("TOP 1 9999"));
    assert_eq!(paper.say("TOP 1x 1"), one);
    assert_eq!(paper.say("TOP 1 4294967297"), one);
    assert_eq!(paper.say("TOP 1 -1"), all);
    assert_eq!(paper.say("TOP 1 2147483648"), all);
}

#[test]
fn cyrus_on_numbers() {
    Paper::inside(Name::Cyrus).play(
        "> LIST x
         -ERR Not a number
         > LIST 4294967296
         -ERR Not a number
         > LIST 1 2
         -ERR Unexpected extra argument
         > LIST 0
         -ERR No such message
         > RETR
         -ERR Missing argument
         > TOP
         -ERR Missing argument
         > TOP x
         -ERR Missing argument
         > TOP 1
         -ERR Missing argument
         > TOP 1x
         -ERR Invalid number of lines
         > TOP 900 x
         -ERR Invalid number of lines
         > TOP 1 2 3
         -ERR Unexpected extra argument
         > TOP 900 1
         -ERR No such message",
    );
}

#[test]
fn qpopper_on_numbers() {
    let mut paper = Paper::inside(Name::Qpopper);
    paper.play(
        "> LIST x
         -ERR Message 0 does not exist.
         > LIST -7
         -ERR Message -7 does not exist.
         > LIST 1 2
         -ERR Too many arguments for the list command.
         > RETR
         -ERR Too few arguments for the retr command.
         > RETR 900
         -ERR Message 900 does not exist.
         > TOP 1
         -ERR Too few arguments for the top command.
         > UIDL 900
         -ERR Message 900 out of range.
         > DELE 1
         +OK Message 1 has been deleted.
         > RETR 1
         -ERR Message 1 has been deleted.
         > UIDL 1
         -ERR Message 1 has been marked for deletion.",
    );
    let wrong = format!("-ERR Parameter must be a number between 1 and {}", totals().0);
    assert_eq!(paper.say("UIDL x"), wrong);
}

#[test]
fn exchange_on_numbers() {
    for (command, reply) in [
        ("LIST x", "-ERR Protocol error. 14"),
        ("LIST 0", "-ERR Protocol error. 14"),
        ("LIST 1x", "-ERR Protocol error. 14"),
        ("LIST 1 2", "-ERR Protocol error. 16"),
        ("LIST 900", "-ERR The specified message is out of range."),
        ("RETR", "-ERR Protocol error. 16"),
        ("TOP 1", "-ERR Protocol error. 16"),
        ("TOP 900 x", "-ERR Protocol error. 14"),
    ] {
        assert_eq!(Paper::inside(Name::Exchange).say(command), reply, "{command}");
    }
}
