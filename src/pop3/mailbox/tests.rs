use super::*;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Forty people with names of their own.
struct Names;

impl Cast for Names {
    fn colleague(&self, number: u32) -> Person {
        let letter = char::from(b'A' + u8::try_from(number % 26).unwrap());
        let family = format!("{letter}shford");
        Person {
            given: format!("{letter}nna"),
            address: format!("{}.{number}@trap.example", letter.to_ascii_lowercase()),
            family,
        }
    }

    fn stranger(&self, number: u32) -> Person {
        self.colleague(100 + number)
    }
}

fn key() -> Key {
    Key::new("a secret of the test")
}

fn at(text: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(text).unwrap()
}

fn visit(key: &Key, user: &[u8], wall: DateTime<FixedOffset>) -> Mailbox {
    Mailbox::of(&Origin {
        key,
        user,
        domain: "trap.example",
        hostname: "mx.trap.example",
        wall,
        cast: &Names,
    })
}

/// Every message by its unique-id.
fn all(mailbox: &Mailbox) -> BTreeMap<String, Vec<u8>> {
    (0..mailbox.len()).map(|at| (mailbox.uid(at), mailbox.text(at))).collect()
}

const NOW: &str = "2026-11-24T10:30:00+01:00";

#[test]
fn sizes_are_those_of_the_texts() {
    for user in ["anna", "bob@trap.example", "info", "x", "john.smith", ""] {
        for wall in [NOW, "2024-02-29T23:59:59Z", "2031-07-01T00:00:00-08:00"] {
            let mailbox = visit(&key(), user.as_bytes(), at(wall));
            assert!((FEWEST..=MOST).contains(&mailbox.len()), "{user}: {}", mailbox.len());
            for at in 0..mailbox.len() {
                assert_eq!(mailbox.size(at), mailbox.text(at).len() as u64, "{user} {at}");
            }
            assert_eq!(all(&mailbox).len(), mailbox.len(), "unique-ids are unique");
        }
    }
}

#[test]
fn every_mailbox_has_twenty_to_two_hundred_messages() {
    let mut counts = BTreeSet::new();
    for number in 0..120 {
        let wall = at(NOW) + Duration::days(number * 3);
        counts.insert(visit(&key(), format!("user{number}").as_bytes(), wall).len());
    }
    assert!(counts.iter().all(|count| (FEWEST..=MOST).contains(count)), "{counts:?}");
    assert!(counts.len() > 30, "they differ: {counts:?}");
}

/// Offsets in winter and in summer, in minutes, of every zone that has both: Adak, Anchorage, Los Angeles, Denver,
/// Chicago, New York, Halifax, Saint John's, Nuuk, the Azores, London, Berlin, Athens, Adelaide, Sydney, Lord Howe,
/// Auckland, Chatham.
const ZONES: [(i32, i32); 18] = [
    (-600, -540),
    (-540, -480),
    (-480, -420),
    (-420, -360),
    (-360, -300),
    (-300, -240),
    (-240, -180),
    (-210, -150),
    (-120, -60),
    (-60, 0),
    (0, 60),
    (60, 120),
    (120, 180),
    (570, 630),
    (600, 660),
    (630, 660),
    (720, 780),
    (765, 825),
];

#[test]
fn the_next_visit_finds_the_same_and_what_came_since() {
    let first = all(&visit(&key(), b"anna", at(NOW)));
    assert_eq!(first, all(&visit(&key(), b"ANNA", at(NOW))));
    for (days, kept) in [(0, 1.0), (1, 0.8), (7, 0.5), (400, 0.0)] {
        let later = all(&visit(&key(), b"anna", at(NOW) + Duration::days(days) + Duration::hours(5)));
        let same = first.iter().filter(|(uid, text)| later.get(*uid) == Some(*text)).count();
        let changed =
            first.iter().filter(|(uid, text)| later.get(*uid).is_some_and(|now| now != *text)).count();
        assert_eq!(changed, 0, "after {days} days");
        assert!(same as f64 >= first.len() as f64 * kept, "after {days} days: {same} of {}", first.len());
        let news = later.keys().filter(|uid| !first.contains_key(*uid)).count();
        assert!(days < 7 || news > 0, "after {days} days");
    }
}

#[test]
fn the_change_to_summer_time_changes_no_message() {
    for (winter, summer) in ZONES {
        let on = |day: &str, offset: i32| {
            let wall = at(day).with_timezone(&FixedOffset::east_opt(offset * 60).unwrap());
            all(&visit(&key(), b"anna", wall))
        };
        let winter = on("2027-03-27T12:00:00Z", winter);
        let summer = on("2027-03-29T12:00:00Z", summer);
        let same = winter.iter().filter(|(uid, text)| summer.get(*uid) == Some(*text)).count();
        assert!(same * 10 > winter.len() * 8, "{same} of {}", winter.len());
        assert!(winter.iter().all(|(uid, text)| summer.get(uid).is_none_or(|now| now == text)));
    }
}

#[test]
fn a_new_year_changes_no_message() {
    let before = all(&visit(&key(), b"anna", at("2026-12-28T12:00:00+01:00")));
    let after = all(&visit(&key(), b"anna", at("2027-01-11T12:00:00+01:00")));
    let there: Vec<_> = before.iter().filter(|(uid, _)| after.contains_key(*uid)).collect();
    assert!(there.len() * 2 > before.len(), "{} of {}", there.len(), before.len());
    assert!(there.iter().all(|(uid, text)| after.get(*uid) == Some(*text)));
}

#[test]
fn other_users_and_other_installations_have_other_mail() {
    let subjects = |key: &Key, user: &[u8]| {
        let mailbox = visit(key, user, at(NOW));
        (0..mailbox.len()).map(|at| header(&mailbox.text(at), "Subject").unwrap()).collect::<Vec<_>>()
    };
    let one = subjects(&key(), b"anna");
    assert_ne!(one, subjects(&key(), b"bob"));
    assert_ne!(one, subjects(&Key::new("another secret of the test"), b"anna"));
    let different: HashSet<_> = one.iter().collect();
    assert!(different.len() * 10 > one.len() * 5, "{one:?}");
}

/// The value of a header field, unfolded.
fn header(text: &[u8], name: &str) -> Option<String> {
    let text = std::str::from_utf8(text).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").expect("a blank line after the header");
    let unfolded = head.replace("\r\n\t", " ").replace("\r\n ", " ");
    let mut lines = unfolded.split("\r\n");
    lines.find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
}

/// The addresses that a text names.
fn addresses(text: &str) -> Vec<String> {
    let word = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
    text.split(|c| !word(c))
        .filter(|word| word.contains('@'))
        .map(|word| word.trim_matches('.').to_owned())
        .collect()
}

#[test]
fn messages_are_well_formed() {
    let wall = at(NOW);
    for user in ["anna", "info", "john.smith", "sales", "k.meyer"] {
        let mailbox = visit(&key(), user.as_bytes(), wall);
        let mut before = String::new();
        for at in 0..mailbox.len() {
            let bytes = mailbox.text(at);
            assert!(bytes.len() < 128 * 1024);
            let text = std::str::from_utf8(&bytes).unwrap();
            assert!(bytes.is_ascii() && !bytes.contains(&0), "{text}");
            assert_eq!(text.replace("\r\n", "").find(['\r', '\n']), None, "lines end with CR LF: {text}");
            assert!(text.ends_with("\r\n") && text.split("\r\n").all(|line| line.len() <= 998), "{text}");
            assert!(!text.contains(['{', '}']), "a word was not filled in: {text}");
            for name in [
                "Return-Path",
                "Delivered-To",
                "Received",
                "From",
                "To",
                "Subject",
                "Message-ID",
                "MIME-Version",
                "Content-Type",
            ] {
                assert!(
                    header(&bytes, name).is_some_and(|value| !value.trim().is_empty()),
                    "{name} in {text}"
                );
            }
            let date = DateTime::parse_from_rfc2822(&header(&bytes, "Date").unwrap()).unwrap();
            assert!(date <= wall, "nothing comes from the future: {date}");
            let order = format!("{}{}", date.to_utc().to_rfc3339(), mailbox.uid(at));
            assert!(order > before, "the oldest is first");
            before = order;
            parts(&bytes);
        }
    }
}

/// Takes a message apart: every boundary that is announced is there and closed, base64 can be decoded.
fn parts(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap();
    let boundaries: Vec<&str> =
        text.split("boundary=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    for boundary in &boundaries {
        assert!(
            text.contains(&format!("\r\n--{boundary}\r\n"))
                && text.contains(&format!("\r\n--{boundary}--\r\n")),
            "{text}"
        );
    }
    for part in text.split("Content-Transfer-Encoding: base64").skip(1) {
        let (_, encoded) = part.split_once("\r\n\r\n").unwrap();
        let encoded: String = encoded.lines().take_while(|line| !line.is_empty()).collect();
        let decoded = crate::sasl::decode(encoded.as_bytes()).expect("base64");
        assert!(
            decoded.starts_with(b"%PDF-1.4")
                || decoded.starts_with(b"Name;")
                || decoded.starts_with(b"BEGIN:VCALENDAR")
        );
    }
}

#[test]
fn all_addresses_are_our_own() {
    let cast: HashSet<String> = (0..40)
        .map(|number| Names.colleague(number))
        .chain((0..8).map(|number| Names.stranger(number)))
        .map(|person| person.address)
        .collect();
    let strangers: HashSet<String> = (0..8).map(|number| Names.stranger(number).address).collect();
    let mut seen = HashSet::new();
    for user in ["anna", "info", "john.smith"] {
        let mailbox = visit(&key(), user.as_bytes(), at(NOW));
        for at in 0..mailbox.len() {
            let bytes = mailbox.text(at);
            for name in ["From", "To", "Cc"] {
                for address in addresses(&header(&bytes, name).unwrap_or_default()) {
                    let (local, domain) = address.split_once('@').unwrap();
                    assert_eq!(domain, "trap.example", "{address}");
                    let machine = words::MACHINES.iter().any(|(machine, ..)| *machine == local);
                    assert!(
                        cast.contains(&address) || machine || local == user || local == "staff",
                        "{address}"
                    );
                    seen.insert(address);
                }
            }
            let text = String::from_utf8(bytes).unwrap();
            let links = text
                .split("http")
                .skip(1)
                .map(|rest| rest.split(['/', ' ', '"']).nth(2).unwrap_or_default().to_owned());
            assert!(links.into_iter().all(|host| host.ends_with("trap.example")), "{text}");
            let lower = text.to_ascii_lowercase().replace("trap.example", "");
            for word in ["spam", "honeypot", "tarpit", "fake", "lorem", "sundew"] {
                assert!(!lower.contains(word), "{word} in {text}");
            }
        }
    }
    assert!(strangers.intersection(&seen).count() >= 3, "who stole this mail writes to these: {seen:?}");
}

#[test]
fn answers_refer_to_what_they_answer() {
    let mailbox = visit(&key(), b"anna", at(NOW));
    let texts = all(&mailbox);
    let ids: HashSet<String> = texts.values().map(|text| header(text, "Message-ID").unwrap()).collect();
    assert_eq!(ids.len(), mailbox.len());
    let mut answers = 0;
    for text in texts.values() {
        let subject = header(text, "Subject").unwrap();
        let references = header(text, "References").unwrap_or_default();
        assert_eq!(subject.starts_with("Re: "), !references.is_empty(), "{subject}");
        // The first letter of the exchange may be older than the mailbox.
        answers += usize::from(references.split(' ').any(|id| ids.contains(id)));
    }
    assert!(answers >= 5, "{answers}");
}

#[test]
fn hostile_names_of_users_are_harmless() {
    let hostile: [&[u8]; 8] =
        [b"", b"\0\r\nRCPT TO:<x>", b"../../etc/passwd", b"<script>", &[0xff; 600], b"@", b"a@b@c", b"...."];
    for user in hostile {
        let mailbox = visit(&key(), user, at(NOW));
        let to = header(&mailbox.text(0), "Delivered-To").unwrap();
        let local = to.strip_suffix("@trap.example").expect("at our domain");
        assert!((1..=64).contains(&local.len()), "{to}");
        assert!(local.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)), "{to}");
    }
}

#[test]
fn an_office_has_hours() {
    let mailbox = visit(&key(), b"anna", at(NOW));
    for at in 0..mailbox.len() {
        let bytes = mailbox.text(at);
        let date = DateTime::parse_from_rfc2822(&header(&bytes, "Date").unwrap()).unwrap();
        let from = header(&bytes, "From").unwrap();
        let hour = chrono::Timelike::hour(&date);
        assert!((7..20).contains(&hour) || from.contains("backup@"), "{from} at {date}");
    }
}
