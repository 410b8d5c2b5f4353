//! Bodies: what is kept, counted and hashed, and where they end.

use super::*;
use std::cell::RefCell;
use std::rc::Rc;

#[derive(Clone, Default)]
struct Kept(Rc<RefCell<Vec<String>>>);

impl message::Keep for Kept {
    fn begin(&mut self, envelope: &Envelope) {
        let to = envelope.to.iter().map(|to| String::from_utf8_lossy(to).into_owned());
        let to: Vec<String> = to.collect();
        self.add(format!("{} to {}", String::from_utf8_lossy(&envelope.from), to.join(",")));
    }

    fn part(&mut self, bytes: &[u8]) {
        let last = self.0.borrow_mut().pop().unwrap_or_default();
        self.add(last + &String::from_utf8_lossy(bytes));
    }

    fn end(&mut self) -> Option<String> {
        Some("the-name".to_owned())
    }

    fn abandon(&mut self) {
        self.add("abandoned".to_owned());
    }
}

impl Kept {
    fn add(&self, what: String) {
        self.0.borrow_mut().push(what);
    }
}

fn with_body(max_message: u64) -> (Paper, Kept) {
    let kept = Kept::default();
    let mut paper = Paper::new(Policy { keep: Box::new(kept.clone()), max_message, ..policy(Name::Postfix) });
    for line in ["MAIL FROM:<a@b.example>", "RCPT TO:<x@trap.example>", "RCPT TO:<y@trap.example>", "DATA"] {
        paper.say(line);
    }
    assert_eq!(paper.next, Next::Text);
    (paper, kept)
}

#[test]
fn a_body_is_kept_and_hashed_without_its_dots() {
    let (mut paper, kept) = with_body(1000);
    for (part, ending) in [
        ("..one", Ending::CrLf),
        ("a long li", Ending::Cut),
        (".ne", Ending::Cut),
        ("", Ending::CrLf),
        (".", Ending::Cut),
        ("x", Ending::Lf),
    ] {
        assert_eq!(paper.hear(part.as_bytes(), ending), None);
    }
    assert!(paper.say(".").starts_with("451"));
    assert_eq!(
        *kept.0.borrow(),
        ["a@b.example to x@trap.example,y@trap.example.one\r\na long li.ne\r\nx\n".to_owned()]
    );
    let Some(What::Message { bytes, sha256, stored, .. }) = paper.notes.last() else {
        panic!("{:?}", paper.notes)
    };
    assert_eq!(*bytes, 22);
    // printf '.one\r\na long li.ne\r\nx\n' | sha256sum
    assert_eq!(sha256.as_str(), "b7a3176c3ad5d9812861fee7b3018670e4782ac8dcc76f48e3250c906dfbbc5d");
    assert_eq!(stored.as_ref().map(Plain::as_str), Some("the-name"));
}

#[test]
fn a_body_beyond_the_cap_is_counted_and_not_kept() {
    let (mut paper, kept) = with_body(10);
    for _ in 0..5 {
        paper.say("12345678");
    }
    assert_eq!(paper.say("."), "552 5.3.4 Error: message file too big");
    assert_eq!(*kept.0.borrow(), ["a@b.example to x@trap.example,y@trap.example12345678\r\n", "abandoned"]);
    let Some(What::Message { bytes: 50, verdict: Verdict::Reject, stored: None, .. }) = paper.notes.last()
    else {
        panic!("{:?}", paper.notes)
    };
}

#[test]
fn a_body_without_an_end_is_logged_as_such() {
    let (mut paper, kept) = with_body(1000);
    paper.say("half a");
    let notes = paper.dialogue.abandon();
    let [What::Message { bytes: 8, verdict: Verdict::Abort, stored: None, .. }] = &notes[..] else {
        panic!("{notes:?}")
    };
    assert_eq!(kept.0.borrow().last().map(String::as_str), Some("abandoned"));
    assert_eq!(paper.dialogue.abandon(), []);
}

#[test]
fn a_dot_ends_a_body_as_the_persona_reads_it() {
    let ends = |name, lines: &[(&str, Ending)]| {
        let mut paper = Paper::of(name);
        for line in ["EHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<x@trap.example>", "DATA"] {
            paper.say(line);
        }
        lines.iter().any(|(line, ending)| paper.hear(line.as_bytes(), *ending).is_some())
    };
    use Ending::{CrLf, Lf};
    for name in Name::ALL {
        assert!(ends(*name, &[("a", CrLf), (".", CrLf)]), "{name}");
        assert!(ends(*name, &[("a", Lf), (".", Lf)]), "{name}: a person with nc");
        assert!(!ends(*name, &[("a", CrLf), ("..", CrLf), (". ", CrLf), ("x.", CrLf)]), "{name}");
    }
    let mixed = &[("a", CrLf), ("b", Lf), (".", CrLf)];
    assert!(ends(Name::Postfix, mixed) && !ends(Name::Exim, mixed));
}
