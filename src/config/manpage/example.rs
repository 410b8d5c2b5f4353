//! The example configuration, out of the definitions.

use clap::{Arg, ArgAction, Command};
use std::fmt::Write as _;

use super::super::{Pacing, Pop3Pacing, Program, Report, Smtarpit, Sundew, Tarpop, WebPacing};
use super::{Usual, default, key_args, none, sentence, usual};
use crate::config;

/// The example configuration, `contrib/sundew.toml`: every key with its default, all commented out.
pub fn example() -> String {
    let smtarpit = config::command::<Smtarpit>();
    let mut out = String::from(
        "# The configuration of Sundew, /etc/sundew.toml. What is commented out is the default, or an example\n\
         # where the text says that there is none. sundew.toml(5) explains every key. After a change, run\n\
         # \"smtarpit --check\", \"tarpop --check\" or \"sundew --check\"; the next connection uses it.\n",
    );
    // Every program counts its own slots, so this one stands in the tables.
    let shared = |arg: &&Arg| config::is_common(arg) && arg.get_id() != LOCK_DIR && arg.get_id() != SEASON;
    key_args(&smtarpit).filter(shared).for_each(|arg| example_key(&mut out, "", arg, none));
    example_season(&mut out, &smtarpit);
    example_table::<Smtarpit>(&mut out, usual::<Pacing>);
    example_table::<Tarpop>(&mut out, usual::<Pop3Pacing>);
    example_table::<Sundew>(&mut out, usual::<WebPacing>);
    example_table::<Report>(&mut out, none);
    out
}

/// The one common key whose default is another one for each program.
const LOCK_DIR: &str = "lock_dir";

/// The common key that is a table.
const SEASON: &str = "season";

fn example_season(out: &mut String, command: &Command) {
    for arg in key_args(command).filter(|arg| arg.get_id() == SEASON) {
        let help = sentence(&arg.get_help().map(ToString::to_string).unwrap_or_default());
        let _ = write!(
            out,
            "\n# {help} Without any, the first of domains, for ever.\n\
             #[[season]]\n#domain = \"example.net\"\n#from = 2026-11-01\n#until = 2027-04-30\n"
        );
    }
}

/// The table of one program.
fn example_table<P: Program>(out: &mut String, usual: Usual) {
    let command = config::command::<P>();
    let table = P::TABLE;
    let _ = writeln!(out, "\n[{table}]");
    let own = || key_args(&command).filter(|arg| !config::is_common(arg) || arg.get_id() == LOCK_DIR);
    own().filter(|arg| arg.get_id() != "profile").for_each(|arg| example_key(out, table, arg, usual));
    own().filter(|arg| arg.get_id() == "profile").for_each(|arg| {
        let help = sentence(&arg.get_help().map(ToString::to_string).unwrap_or_default());
        let _ = write!(
            out,
            "\n# {help} Any of the pacing keys may follow; the first profile that applies wins.\n\
             #[[{table}.profile]]\n#name = \"night\"\n#hours = \"22:00-06:30\"\n#days = \"Mon-Fri\"\n#pace = \"night\"\n"
        );
    });
}

fn example_key(out: &mut String, table: &str, arg: &Arg, usual: Usual) {
    let key = arg.get_id().as_str();
    let help = sentence(&arg.get_help().map(ToString::to_string).unwrap_or_default());
    let words: Vec<_> = arg.get_possible_values().iter().map(|word| word.get_name().to_owned()).collect();
    let words = match words.is_empty() {
        true => String::new(),
        false => format!(" One of: {}.", words.join(", ")),
    };
    let day = usual(key);
    let given = default(arg).or(day.as_deref());
    let (value, remark) = match (given, sample(table, key)) {
        (Some(default), _) => (config::toml(default), ""),
        (None, Some((value, remark))) => (value.to_owned(), remark),
        (None, None) if matches!(arg.get_action(), ArgAction::Append) => ("[]".to_owned(), ""),
        (None, None) if !arg.get_action().takes_values() => ("false".to_owned(), ""),
        (None, None) => panic!("{key} needs a sample for the example configuration"),
    };
    let _ = writeln!(out, "\n# {help}{words}{remark}\n#{key} = {value}");
}

/// What to show for a key without a default, with a remark.
fn sample(table: &str, key: &str) -> Option<(&'static str, &'static str)> {
    Some(match key {
        "hostname" => ("\"mx.example.org\"", " The default is the name of this machine."),
        "domains" => ("[\"example.org\"]", " By default every domain is taken for ours."),
        "secret_file" => ("\"/etc/sundew/secret\"", " Without it the secret is the id of this machine."),
        "allow" => ("[\"192.0.2.0/24\", \"2001:db8::/32\"]", " There are none by default."),
        "chroot" => ("\"/var/lib/sundew\"", " There is no default."),
        "user" => ("\"sundew\"", " There is no default."),
        "seed" => ("1", " There is no default."),
        "state_dir" if table == Sundew::TABLE => ("\"/var/lib/sundew/sundew\"", " The default is lock_dir."),
        "state_dir" => ("\"/var/lib/sundew/tarpop\"", " The default is the directory networks in lock_dir."),
        "site" => ("\"www.example.org\"", " The default is www. and the domain."),
        "company" => ("\"Harbour Street Trust\"", " By default it is made up."),
        "robots_txt" => ("\"/var/www/html/robots.txt\"", " There is no default."),
        "spool" => ("\"/var/lib/sundew/spool\"", " There is no default."),
        "mask" => ("false", ""),
        "title" => ("\"mx.example.org\"", ""),
        "pace" => ("\"day\"", " The keys below are shown as this table has them."),
        _ => return None,
    })
}
