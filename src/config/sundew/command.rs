//! The commands of `sundew`, for the shell.

use std::path::PathBuf;
use std::str::FromStr;

use super::super::value::{self, words};
use chrono::NaiveDate;

/// What else can be done.
#[derive(Debug, Clone, PartialEq, clap::Subcommand)]
pub enum Command {
    /// Write the whole site into a directory, for any web server
    ///
    /// The directory must be new or empty, or have been made by this command, and is replaced as a whole. On
    /// the same day the same configuration gives the same bytes. Nobody's network is known, so the addresses
    /// that would be for a visitor alone are the same for all.
    Generate {
        /// The directory
        #[arg(value_name = "DIR")]
        dir: PathBuf,

        /// Write the site as it is on this day
        ///
        /// The default is today. A site changes on Mondays.
        #[arg(long, value_name = "DAY", value_parser = value::date)]
        date: Option<NaiveDate>,
    },

    /// Print links to the site, to be put into a real page
    ///
    /// Three of them, each with what it does and what may come of it: one that no person sees, one that
    /// search engines are told not to follow, and one that only programs find that do not read HTML.
    Link {
        /// Where the links lead, instead of the home page of the site
        #[arg(long, value_name = "URL", value_parser = url)]
        to: Option<String>,

        /// The background colour of the page, as #rrggbb
        #[arg(long, value_name = "COLOUR", default_value = "#ffffff")]
        background: Colour,
    },

    /// Print a virtual host for a web server that runs sundew as a CGI program
    Vhost {
        /// The web server
        #[arg(value_name = "SERVER", value_enum)]
        server: Server,

        /// Where sundew is, instead of where it is now
        #[arg(long, value_name = "FILE", value_parser = value::path)]
        program: Option<PathBuf>,
    },

    /// List the seasons, and what is due
    Seasons,

    /// Say whether an address is ours, and to whom it was shown
    ///
    /// Needs the secret, and nothing else, for the season and the style; with --log also the page, the
    /// visitor and the time. The exit code is 1 if the address is not ours.
    Whence {
        /// The address, or its local part
        #[arg(value_name = "ADDRESS")]
        address: String,

        /// Look for the page in this log of sundew or tarpop; may be repeated
        #[arg(long = "log", id = "logs", value_name = "FILE")]
        logs: Vec<PathBuf>,
    },
}

words! {
    Server {
        Apache "apache" "Apache HTTP Server",
        Nginx "nginx" "nginx, with fcgiwrap",
        Lighttpd "lighttpd" "lighttpd",
    }
}

/// A web server that can run CGI programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    Apache,
    Nginx,
    Lighttpd,
}

/// A colour in sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

impl FromStr for Colour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        let hex = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten();
        let [_, red, green, blue] =
            number.ok_or_else(|| format!("{text:?} is not a colour such as #ffffff"))?.to_be_bytes();
        Ok(Colour([red, green, blue]))
    }
}

/// An address of a web page that can stand in an attribute as it is.
fn url(text: &str) -> Result<String, String> {
    let rest = ["http://", "https://", "//", "/"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"'<>&\\`".contains(&byte);
    match rest.is_some() && text.bytes().all(plain) {
        true => Ok(text.to_owned()),
        false => Err(format!("{text:?} is not a URL such as http://www.example.org/")),
    }
}
