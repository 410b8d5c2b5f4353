//! What a request says of the program that sends it.

use crate::web::http::head::Head;
use crate::web::http::line::Version;

/// The methods that somebody may type.
pub const METHODS: &[&str] =
    &["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "PROPFIND"];

/// Parts of the names that programs have for themselves, in small letters, and what these are. The first
/// that fits counts.
const AGENTS: &[(&str, &str)] = &[
    ("nmap", "scanner"),
    ("zgrab", "scanner"),
    ("masscan", "scanner"),
    ("nikto", "scanner"),
    ("nuclei", "scanner"),
    ("sqlmap", "scanner"),
    ("censys", "scanner"),
    ("expanse", "scanner"),
    ("wpscan", "scanner"),
    ("internet-measurement", "scanner"),
    ("emailsiphon", "harvester"),
    ("emailcollector", "harvester"),
    ("emailwolf", "harvester"),
    ("extractorpro", "harvester"),
    ("harvest", "harvester"),
    ("curl/", "curl"),
    ("wget", "wget"),
    ("python", "python"),
    ("scrapy", "python"),
    ("aiohttp", "python"),
    ("httpx", "python"),
    ("go-http-client", "go"),
    ("java/", "java"),
    ("okhttp", "java"),
    ("httpclient", "java"),
    ("libwww-perl", "perl"),
    ("php", "php"),
    ("ruby", "ruby"),
    ("node", "node"),
    ("axios", "node"),
    ("headless", "headless"),
    ("bot", "bot"),
    ("crawl", "bot"),
    ("spider", "bot"),
    ("slurp", "bot"),
];

/// How protocols begin that are not HTTP.
const OTHERS: &[(&[u8], &str)] = &[
    (b"\x16\x03", "tls"),
    (b"SSH-", "ssh"),
    (b"EHLO", "smtp"),
    (b"HELO", "smtp"),
    (b"PRI * HTTP/2", "http2"),
    (b"\x03\x00", "rdp"),
    (b"\x05", "socks"),
    (b"\x04", "socks"),
];

/// What browsers always send.
const BROWSERS_SEND: [&str; 3] = ["accept", "accept-language", "accept-encoding"];

/// The method, the version and the program, in words of a small set.
pub fn evidence(head: &Head) -> String {
    if head.first.is_empty() {
        return String::new();
    }
    if let Some((_, word)) = OTHERS.iter().find(|(start, _)| head.first.starts_with(start)) {
        return (*word).to_owned();
    }
    let version = match head.line.version {
        Version::Unknown => "no-version",
        Version::Simple => "http-0.9",
        Version::Is(1, 0) => "http-1.0",
        Version::Is(1, 1) => "http-1.1",
        Version::Is(..) => "http-other",
    };
    let method = METHODS.iter().find(|method| method.as_bytes() == head.line.method);
    let method = method.map_or_else(|| "other-method".to_owned(), |method| method.to_lowercase());
    format!("{method},{version},{}", agent(head))
}

fn agent(head: &Head) -> &'static str {
    let Some(name) = head.field("user-agent").filter(|name| !name.is_empty()) else { return "nameless" };
    let name = String::from_utf8_lossy(&name).to_ascii_lowercase();
    if let Some((_, word)) = AGENTS.iter().find(|(part, _)| name.contains(part)) {
        return word;
    }
    let sends = BROWSERS_SEND.iter().all(|field| head.field(field).is_some());
    match (name.starts_with("mozilla/"), sends) {
        (true, true) => "browser",
        (true, false) => "false-browser",
        (false, _) => "other-agent",
    }
}
