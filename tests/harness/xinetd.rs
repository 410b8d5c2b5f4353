//! Service files of xinetd.

/// A service file of xinetd, of which single values can be changed.
pub struct XinetdFile(pub String);

impl XinetdFile {
    fn is(line: &str, key: &str) -> bool {
        let line = line.trim();
        line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='))
    }

    /// What a key has; nothing if it is not there.
    pub fn value(&self, key: &str) -> String {
        let line = self.0.lines().find(|line| Self::is(line, key));
        let (_, value) = line.and_then(|line| line.split_once('=')).unwrap_or_default();
        value.trim().to_owned()
    }

    /// Gives a key another value; one that is not there yet is added.
    pub fn set(&mut self, key: &str, value: &str) {
        let line = format!("\t{key} = {value}");
        let mut lines: Vec<String> = self.0.lines().map(str::to_owned).collect();
        let end = lines.iter().rposition(|line| line == "}").expect("the service ends");
        match lines.iter().position(|line| Self::is(line, key)) {
            Some(at) => lines[at] = line,
            None => lines.insert(end, line),
        }
        self.0 = lines.join("\n") + "\n";
    }
}
