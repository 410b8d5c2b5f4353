//! A real browser that looks at pages: headless Chromium, with no network but loopback.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::{Dir, need, root, run};

/// How long a page may take, on a machine with much else to do.
const SOON: Duration = Duration::from_secs(120);

/// What keeps it from asking for anything but the page, and from needing a desktop.
const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

fn chromium(width: u32, height: u32, dir: &Dir) -> Command {
    let mut command = Command::new(need("chromium"));
    command.args(FLAGS).arg(format!("--window-size={width},{height}"));
    command.arg(format!("--user-data-dir={}", dir.path("profile").display()));
    command
}

/// Takes a picture of a page, kept as `target/screenshots/NAME.png`, and says where it is.
pub fn picture(url: &str, name: &str, width: u32, height: u32) -> PathBuf {
    let dir = Dir::new();
    let shots = root().join("target/screenshots");
    fs::create_dir_all(&shots).unwrap();
    let path = shots.join(format!("{name}.png"));
    let _ = fs::remove_file(&path);
    let ran =
        run(chromium(width, height, &dir).arg(format!("--screenshot={}", path.display())).arg(url), SOON);
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{url}: {error}: {}", ran.stderr));
    // The size stands behind the signature and the name of the first chunk (PNG 11.2.2).
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!((number(16), number(20)), (width, height), "{name}");
    path
}

/// How wide a page is when it is shown in a window of this width, in CSS pixels. The window is a frame, because
/// the browser's own has no less than 500.
pub fn width_of(html: &str, files: &[(&str, &str)], width: u32) -> u32 {
    let dir = Dir::new();
    files.iter().for_each(|(name, text)| _ = dir.write(name, text));
    let inner = html.replace('&', "&amp;").replace('"', "&quot;");
    let page = format!(
        "<!DOCTYPE html><title>none</title>\
         <iframe srcdoc=\"{inner}\" style=\"border:0;width:{width}px;height:900px\" onload=\"document.title = \
         'w=' + this.contentDocument.documentElement.scrollWidth\"></iframe>"
    );
    let page = dir.write("page.html", page);
    let url = format!("file://{}", page.display());
    let ran = run(chromium(1600, 900, &dir).args(["--virtual-time-budget=2000", "--dump-dom", &url]), SOON);
    let number = ran.stdout.split("<title>w=").nth(1).and_then(|rest| rest.split('<').next());
    number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{}{}", ran.stdout, ran.stderr))
}
