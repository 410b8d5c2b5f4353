use crate::harness::transcript::Protocol;

/// A reply is over with the first line in which no `-` follows the code (RFC 5321 4.2.1).
pub const SMTP: Protocol = Protocol {
    is_whole: |_, heard| {
        let line = heard.trim_ascii_end().rsplit(|&b| b == b'\n').next();
        line.is_none_or(|line| line.get(3) != Some(&b'-'))
    },
    plain,
    is_left_out: |_| false,
};

/// The reply with what is different each time made the same: queue ids, and the date of a banner.
fn plain(reply: &str) -> String {
    let mut text = String::new();
    for (nth, line) in reply.lines().enumerate() {
        if nth > 0 {
            text.push('\n');
        }
        let line = match line.split_once("queued as ") {
            Some((before, _)) => format!("{before}queued as (id)"),
            None => line.to_owned(),
        };
        let line = match line.split_once(" id=") {
            Some((before, id)) if id.len() == "1abcde-000abc-1a".len() => format!("{before} id=(id)"),
            _ => line,
        };
        let line = match line.split_once("ESMTP Exim 4.96 ") {
            Some((before, date)) if chrono::DateTime::parse_from_rfc2822(date).is_ok() => {
                format!("{before}ESMTP Exim 4.96 (date)")
            }
            _ => line,
        };
        text.push_str(&line);
    }
    text
}
