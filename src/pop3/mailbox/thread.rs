//! One conversation: who writes what to whom, and when.

use super::facts::{Facts, Kind};
use super::mime::Attachment;
use super::people::{Member, Office};
use super::words;
use super::{LONGEST_THREAD, pick};
use crate::Rng;
use crate::persona::text;
use chrono::{
    DateTime, Datelike as _, Duration, FixedOffset, NaiveDate, Offset as _, TimeZone as _, Utc, Weekday,
};
use rand::{RngExt as _, SeedableRng as _};

/// A conversation, with all its letters to the owner of the mailbox.
pub struct Thread {
    rng: Rng,
    kind: Kind,
    from: usize,
    facts: Facts,
    subject: String,
    /// When each letter arrived.
    times: Vec<DateTime<FixedOffset>>,
    /// What the identifiers of the letters are made from.
    id: u64,
}

/// A letter as its reader has it before it is put into a form.
pub struct Letter {
    pub from: Member,
    /// Names and addresses.
    pub to: Vec<(String, String)>,
    pub cc: Vec<(String, String)>,
    pub subject: String,
    pub date: DateTime<FixedOffset>,
    pub id: String,
    /// The identifiers of the letters before it, the oldest first.
    pub references: Vec<String>,
    pub lines: Vec<String>,
    pub attachment: Option<Attachment>,
    /// What is drawn for its form.
    pub serial: u64,
}

/// How many conversations begin on a day. `busy` is their number in ten working days.
pub fn begun(day: NaiveDate, busy: u32, rng: &mut Rng) -> u32 {
    let expected = match day.weekday() {
        Weekday::Sat => busy / 6,
        Weekday::Sun => busy / 8,
        _ => busy,
    };
    // Some days are twice as busy as others.
    rng.random_range(expected / 2..=expected + expected / 2) / 10
        + u32::from(rng.random_range(0..10) < expected % 10)
}

/// The zones of dates, in hours east of Greenwich, each with how many minutes the offset of a machine may be for it.
/// Between them are those where the clock is never put forward, but for two small islands.
const ZONES: [(i32, i32); 5] = [(-150, -6), (210, 0), (510, 5), (700, 10), (i32::MAX, 12)];

/// The zone of all dates: one near that of the machine which is the same in summer and in winter, so that a
/// message that was seen once never changes.
fn zone(offset: &FixedOffset) -> FixedOffset {
    let minutes = offset.local_minus_utc() / 60;
    let hours = ZONES.iter().find(|(most, _)| minutes <= *most).map_or(0, |(_, hours)| *hours);
    FixedOffset::east_opt(hours * 3600).unwrap_or_else(|| Utc.fix())
}

impl Thread {
    /// The conversation that follows from a seed.
    pub fn new(seed: [u8; 32], day: NaiveDate, office: &Office, offset: &FixedOffset) -> Self {
        let mut rng = Rng::from_seed(seed);
        let kind = Kind::draw(is_weekend(day), &mut rng);
        let from = rng.random_range(0..office.staff.len().max(1));
        let facts = Facts::draw(from, day, office, &mut rng);
        let start = start(day, kind, zone(offset), &mut rng);
        let mut times = vec![start];
        let more = if kind == Kind::Question { [0, 0, 1, 1, 2, 3][rng.random_range(0..6)] } else { 0 };
        for _ in 0..more {
            let last = times.last().copied().unwrap_or(start);
            let mut next = last + Duration::minutes(rng.random_range(25..1_700));
            while !(7..19).contains(&hour(next)) || is_weekend(next.date_naive()) {
                next += Duration::minutes(rng.random_range(60..240));
            }
            if next - start < Duration::days(LONGEST_THREAD - 1) {
                times.push(next);
            }
        }
        let id = rng.random();
        let mut thread = Thread { rng, kind, from, facts, subject: String::new(), times, id };
        let template = match kind {
            Kind::Question | Kind::Forward => pick(words::QUESTIONS, &mut thread.rng).unwrap_or_default(),
            Kind::Notice(which) => words::NOTICES.get(which).map_or("", |(subject, _)| subject),
            Kind::Machine(which) => words::MACHINES.get(which).map_or("", |(_, _, subject, _)| subject),
            Kind::Secret(which) => words::SECRETS.get(which).map_or("", |(subject, _)| subject),
            Kind::Minutes => "Minutes of the meeting on {day}",
            Kind::StaffList => "Address list, {month}",
            Kind::Invitation => "Invitation: {work}",
        };
        thread.subject = capital(&thread.fill(template, office));
        thread
    }

    /// When its letters arrived.
    pub fn times(&self) -> Vec<DateTime<FixedOffset>> {
        self.times.clone()
    }

    /// One of its letters.
    pub fn letter(mut self, nth: usize, office: &Office) -> Letter {
        let date = self.times.get(nth).or(self.times.first()).copied().unwrap_or_default();
        let sender = self.sender(office);
        let mut lines = Vec::new();
        let mut attachment = None;
        let mut cc = Vec::new();
        let mut to = vec![(office.owner.display(), office.owner.person.address.clone())];
        let everyone = ("All staff".to_owned(), format!("staff@{}", office.domain));
        match self.kind {
            Kind::Question => {
                lines = self.question(nth, &sender, office);
                if self.rng.random_range(0..3) == 0 {
                    let colleague = office.member(self.facts.colleague);
                    cc.push((colleague.display(), colleague.person.address.clone()));
                }
            }
            Kind::Notice(which) => {
                to = vec![everyone];
                lines.push(
                    ["Dear all,", "Hello everyone,", "Hi all,", "All,"][self.rng.random_range(0..4)]
                        .to_owned(),
                );
                let sentences = words::NOTICES.get(which).map_or(&[][..], |(_, sentences)| sentences);
                self.paragraphs(sentences, &mut lines, office);
                self.close(&sender, &mut lines, office);
            }
            Kind::Minutes => {
                to = self.group(5, office);
                lines.push("Hello everyone,".to_owned());
                self.paragraphs(
                    &["Here are the minutes. Corrections to me by {day}, please."],
                    &mut lines,
                    office,
                );
                self.minutes(&mut lines, office);
                self.close(&sender, &mut lines, office);
            }
            Kind::Machine(which) => {
                let (name, rows) =
                    words::MACHINES.get(which).map_or(("", &[][..]), |(name, _, _, rows)| (*name, *rows));
                lines = rows.iter().map(|row| self.fill(row, office)).collect();
                if name == "scanner" {
                    let title = self.fill("Delivery note {number}", office);
                    let noise = self.rng.random_range(9_000..34_000);
                    attachment = Some(Attachment::pdf(&title, noise, &mut self.rng));
                }
            }
            Kind::Secret(which) => {
                lines.push(self.greeting(office));
                let sentences = words::SECRETS.get(which).map_or(&[][..], |(_, sentences)| sentences);
                self.paragraphs(sentences, &mut lines, office);
                self.close(&sender, &mut lines, office);
                if self.subject.starts_with("Invoice") {
                    let title = self.fill("Invoice {number}", office);
                    let noise = self.rng.random_range(4_000..12_000);
                    attachment = Some(Attachment::pdf(&title, noise, &mut self.rng));
                }
            }
            Kind::Forward => {
                self.subject = format!("Fwd: {}", self.subject);
                lines = self.forward(&sender, date, office);
            }
            Kind::StaffList => {
                to = vec![everyone];
                lines.push("Hello everyone,".to_owned());
                self.paragraphs(
                    &[
                        "Here is the new address list with extensions.",
                        "Please tell me if something is wrong.",
                    ],
                    &mut lines,
                    office,
                );
                self.close(&sender, &mut lines, office);
                attachment = Some(Attachment::staff(office));
            }
            Kind::Invitation => {
                to = self.group(3, office);
                lines.push(self.greeting(office));
                self.paragraphs(
                    &["I would like to talk about {work} on {day}, in {place}. An hour should do."],
                    &mut lines,
                    office,
                );
                self.close(&sender, &mut lines, office);
                attachment = Some(Attachment::meeting(&self.subject, &sender, date, self.id, office));
            }
        }
        let subject = if nth > 0 { format!("Re: {}", self.subject) } else { self.subject.clone() };
        let references =
            (0..nth).flat_map(|nth| [self.letter_id(nth, &sender, office), self.reply_id(nth, office)]);
        Letter {
            references: references.collect(),
            id: self.letter_id(nth, &sender, office),
            from: sender,
            to,
            cc,
            subject,
            date,
            lines,
            attachment,
            serial: self.id.wrapping_add(nth as u64),
        }
    }

    fn sender(&self, office: &Office) -> Member {
        match self.kind {
            Kind::Machine(which) => match words::MACHINES.get(which) {
                Some((name, display, ..)) => office.machine(name, display),
                None => office.member(self.from).clone(),
            },
            _ => office.member(self.from).clone(),
        }
    }

    /// A letter of an exchange, with what was said before it below.
    fn question(&mut self, nth: usize, sender: &Member, office: &Office) -> Vec<String> {
        // What was asked first is the same in every letter that quotes it.
        let mut said = vec![self.greeting(office)];
        let ask = pick(words::ASKS, &mut self.rng).unwrap_or_default();
        let details: Vec<&str> =
            (0..self.rng.random_range(0..3)).filter_map(|_| pick(words::DETAILS, &mut self.rng)).collect();
        let mut sentences = vec![ask];
        details.into_iter().for_each(|detail| {
            if !sentences.contains(&detail) {
                sentences.push(detail)
            }
        });
        self.paragraphs(&sentences, &mut said, office);
        self.close(sender, &mut said, office);
        let mut thread = said;
        for step in 1..=nth {
            let before = self.times.get(step - 1).copied().unwrap_or_default();
            let after = self.times.get(step).copied().unwrap_or_default();
            let answered = before + (after - before) / 2;
            let reply = pick(words::REPLIES, &mut self.rng).unwrap_or_default();
            let mut owner = vec![format!("Hi {},", sender.person.given)];
            self.paragraphs(&[reply], &mut owner, office);
            owner.push(String::new());
            owner.push(office.owner.person.given.clone());
            quote(&mut owner, before, &sender.display(), &thread);
            let follow = pick(words::FOLLOWS, &mut self.rng).unwrap_or_default();
            let mut next = vec![self.greeting(office)];
            self.paragraphs(&[follow], &mut next, office);
            self.close(sender, &mut next, office);
            quote(&mut next, answered, &office.owner.display(), &owner);
            thread = next;
        }
        thread
    }

    fn forward(&mut self, sender: &Member, date: DateTime<FixedOffset>, office: &Office) -> Vec<String> {
        let mut lines = vec![self.greeting(office)];
        let why = pick(words::FORWARDS, &mut self.rng).unwrap_or_default();
        self.paragraphs(&[why], &mut lines, office);
        self.close(sender, &mut lines, office);
        let other = office.member(self.facts.stranger).clone();
        let asked = date - Duration::minutes(self.rng.random_range(12..170));
        let subject = self.subject.trim_start_matches("Fwd: ").to_owned();
        lines.extend([
            String::new(),
            "-------- Forwarded message --------".to_owned(),
            format!("Subject: {subject}"),
            format!("Date: {}", asked.to_rfc2822()),
            format!("From: {} <{}>", other.display(), other.person.address),
            format!("To: {} <{}>", sender.display(), sender.person.address),
            String::new(),
            format!("Dear {},", sender.person.given),
        ]);
        let enquiry = pick(words::ENQUIRIES, &mut self.rng).unwrap_or_default();
        self.paragraphs(&[enquiry], &mut lines, office);
        lines.extend([String::new(), "Kind regards,".to_owned(), other.display()]);
        lines
    }

    fn minutes(&mut self, lines: &mut Vec<String>, office: &Office) {
        let mut items: Vec<&str> = words::MINUTES.to_vec();
        lines.push(String::new());
        for number in 1..=self.rng.random_range(4..8) {
            let item = items.remove(self.rng.random_range(0..items.len()));
            // Each item of a meeting is about something else.
            self.facts = Facts::draw(
                self.from,
                self.times.first().copied().unwrap_or_default().date_naive(),
                office,
                &mut self.rng,
            );
            let text = format!("{number}. {}", capital(&self.fill(item, office)));
            lines.extend(wrap(&text, "   "));
            lines.push(String::new());
        }
    }

    fn paragraphs(&mut self, sentences: &[&str], lines: &mut Vec<String>, office: &Office) {
        let texts: Vec<String> =
            sentences.iter().map(|sentence| capital(&self.fill(sentence, office))).collect();
        // Some people write one paragraph, some a line for each thought.
        let together = office.member(self.from).extension.is_multiple_of(2);
        lines.push(String::new());
        if together {
            lines.extend(wrap(&texts.join(" "), ""));
            return;
        }
        for (at, text) in texts.iter().enumerate() {
            if at > 0 {
                lines.push(String::new());
            }
            lines.extend(wrap(text, ""));
        }
    }

    fn greeting(&self, office: &Office) -> String {
        // Everybody has a habit.
        let habit = office.member(self.from).extension as usize % words::GREETINGS.len();
        self.fill(words::GREETINGS.get(habit).copied().unwrap_or_default(), office)
    }

    fn close(&self, sender: &Member, lines: &mut Vec<String>, office: &Office) {
        lines.push(String::new());
        let habit = sender.extension as usize % words::BYES.len();
        lines.extend(words::BYES.get(habit).map(|bye| (*bye).to_owned()));
        lines.extend(sender.signature(office));
    }

    /// Recipients: the owner and others.
    fn group(&self, count: usize, office: &Office) -> Vec<(String, String)> {
        let others = (0..count).map(|nth| office.member(self.from + 3 + nth * 5));
        let all = std::iter::once(&office.owner).chain(others);
        all.map(|member| (member.display(), member.person.address.clone())).collect()
    }

    fn letter_id(&self, nth: usize, sender: &Member, office: &Office) -> String {
        use super::people::Mailer;
        let number = self.id.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(nth as u64);
        let domain = &office.domain;
        let text = match sender.mailer {
            Mailer::Outlook => format!("{:016x}{:08x}@{domain}", number, self.id >> 32),
            Mailer::Thunderbird => {
                let [a, b, c, d] =
                    [number >> 32, number >> 16 & 0xffff, number & 0xffff, self.id & 0xffff_ffff_ffff];
                format!("{a:08x}-{b:04x}-{c:04x}-8a5c-{d:012x}@{domain}")
            }
            Mailer::Apple => format!(
                "{:08X}-{:04X}-4D2A-9C1E-{:012X}@{domain}",
                number >> 32,
                number & 0xffff,
                self.id & 0xffff_ffff_ffff
            ),
            Mailer::Roundcube => format!("{:032x}@{domain}", u128::from(number) << 64 | u128::from(self.id)),
            Mailer::Script => format!(
                "{}.{:X}@{}",
                self.times.first().map_or(0, DateTime::timestamp),
                number >> 40,
                office.hostname
            ),
        };
        format!("<{text}>")
    }

    /// What the owner answered with.
    fn reply_id(&self, nth: usize, office: &Office) -> String {
        let number = self.id.rotate_left(17).wrapping_add(nth as u64);
        format!(
            "<{:08x}-{:04x}-{:04x}-b1f0-{:012x}@{}>",
            number >> 32,
            number >> 16 & 0xffff,
            number & 0xffff,
            self.id >> 16,
            office.domain
        )
    }

    /// Fills in what the sentences are about.
    fn fill(&self, template: &str, office: &Office) -> String {
        let facts = &self.facts;
        let colleague = office.member(facts.colleague);
        let stranger = office.staff.get(facts.stranger).unwrap_or(&office.owner);
        let owner_local = office.owner_address().split('@').next().unwrap_or_default();
        let (number, count) = (facts.number.to_string(), facts.count.to_string());
        let extension = office.member(self.from).extension.to_string();
        let stranger_name = stranger.display();
        let filled = text::fill(template, |word| {
            let value: &str = match word {
                "owner" => &office.owner.person.given,
                "ownerlocal" => owner_local,
                "goods" => facts.goods,
                "work" => facts.work,
                "place" => facts.place,
                "day" => facts.day,
                "month" => facts.month,
                "number" => &number,
                "count" => &count,
                "amount" => facts.amounts.first().map_or("", String::as_str),
                "amount2" => facts.amounts.last().map_or("", String::as_str),
                "colleague" => &colleague.person.given,
                "extension" => &extension,
                "stranger" => &stranger_name,
                "strangermail" => &stranger.person.address,
                "code" => &facts.code,
                "password" => &facts.password,
                "iban" => &facts.iban,
                "domain" => &office.domain,
                _ => return None,
            };
            Some(value.as_bytes())
        });
        String::from_utf8_lossy(&filled).into_owned()
    }
}

/// When a conversation begins: people come at eight and go at six, machines have no hours.
fn start(day: NaiveDate, kind: Kind, zone: FixedOffset, rng: &mut Rng) -> DateTime<FixedOffset> {
    let minute = match kind {
        Kind::Machine(0) => rng.random_range(130..215),
        Kind::Machine(_) => rng.random_range(430..1_150),
        _ => rng.random_range(470..760) + rng.random_range(0..330),
    };
    let second = rng.random_range(0..60);
    let time = day.and_hms_opt(minute / 60, minute % 60, second).unwrap_or_default();
    zone.from_local_datetime(&time).single().unwrap_or_default()
}

fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

fn hour(time: DateTime<FixedOffset>) -> u32 {
    chrono::Timelike::hour(&time)
}

/// Adds a letter that is answered, the way mail programs quote.
fn quote(lines: &mut Vec<String>, date: DateTime<FixedOffset>, who: &str, said: &[String]) {
    lines.push(String::new());
    lines.push(format!("On {}, {who} wrote:", date.format("%-d %b %Y at %H:%M")));
    lines.extend(said.iter().take(40).map(|line| match line.as_bytes().first() {
        Some(b'>') => format!(">{line}"),
        Some(_) => format!("> {line}"),
        None => ">".to_owned(),
    }));
}

/// Breaks a paragraph into lines; those after the first begin with `indent`.
fn wrap(text: &str, indent: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if !line.is_empty() && line.len() + word.len() > 71 {
            lines.push(format!("{indent}{word}"));
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
}
