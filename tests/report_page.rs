//! The page in a real browser, at the desk and on a telephone, light and dark. The pictures stay in
//! `target/report`.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::harness::{Dir, bytes_of, must, need, root, run};
use crate::loggen::form::Form;
use crate::loggen::{Plan, grosse};

/// How wide the windows are.
const DESK: u32 = 1280;
const TELEPHONE: u32 = 390;

/// Makes a page out of a log.
fn page(dir: &Dir, log: &[u8], args: &[&str]) -> PathBuf {
    let log = dir.write("mail.log", log);
    let page = dir.path("page.html");
    let mut command = Command::new(env!("CARGO_BIN_EXE_tarpit-report"));
    command.args(["--format", "html", "--timezone", "UTC", "--title", "Tarpits of example.org", "-o"]);
    must(command.arg(&page).args(args).arg(log));
    page
}

fn chromium(dir: &Dir) -> Command {
    let mut command = Command::new(need("chromium"));
    let profile = format!("--user-data-dir={}", dir.make("profile").display());
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    command.args(["--hide-scrollbars", &profile]).stdin(Stdio::null());
    command
}

fn finish(command: &mut Command) -> String {
    let ran = run(command, Duration::from_secs(120));
    assert_eq!(ran.status, Some(0), "{command:?}: {}", ran.stderr);
    ran.stdout
}

/// How high the page is in a window, and by how much it is wider than that. A script says so, which only
/// this copy of the page has and may run.
fn measure(dir: &Dir, page: &Path, width: u32) -> (u32, i64) {
    let text = std::fs::read_to_string(page).unwrap();
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    assert!(text.contains(policy));
    let script = "<script>let e = document.documentElement, h = e.scrollHeight, w = e.scrollWidth - window.innerWidth;\
                  e.innerHTML = '<body>measured ' + h + ' ' + w + ' end</body>'</script></body>";
    let copy = text.replace(policy, "default-src 'unsafe-inline'").replace("</body>", script);
    let copy = dir.write("measure.html", copy);
    let window = format!("--window-size={width},900");
    let dom = finish(chromium(dir).args([&window, "--dump-dom"]).arg(format!("file://{}", copy.display())));
    let at = dom.find("measured ").unwrap_or_else(|| panic!("not measured: {dom}"));
    let mut numbers = dom[at..].split(' ').skip(1);
    let mut number = || numbers.next().unwrap().parse::<i64>().unwrap();
    (u32::try_from(number()).unwrap(), number())
}

/// Takes pictures of a page and looks at them.
fn look(name: &str, dir: &Dir, page: &Path) {
    let html = std::fs::read_to_string(page).unwrap();
    for word in ["<script", "src=", "href=\"h", "url(", "@import", "<link", "<img", "javascript:"] {
        assert!(!html.contains(word), "{name}: {word}");
    }
    for (narrowest, width) in [(360, TELEPHONE), (DESK, DESK)] {
        let (height, over) = measure(dir, page, narrowest);
        assert!(over <= 0, "{name} is {over} pixels wider than a window of {narrowest}");
        let [light, dark] = ["light", "dark"].map(|scheme| {
            let picture = shoot(name, dir, page, (width, height.min(16_000)), scheme);
            Picture::read(&picture).unwrap_or_else(|| panic!("{}: no picture", picture.display()))
        });
        assert_eq!((light.width, dark.width), (width, width));
        // The corner is the ground of the page.
        assert!(light.corner.iter().all(|&part| part > 230), "{name}: {:?}", light.corner);
        assert!(dark.corner.iter().all(|&part| part < 50), "{name}: {:?}", dark.corner);
        // Letters have many shades; an empty page has one.
        assert!(light.colours > 60 && dark.colours > 60, "{name}: {} and {}", light.colours, dark.colours);
    }
}

fn shoot(name: &str, dir: &Dir, page: &Path, (width, height): (u32, u32), scheme: &str) -> PathBuf {
    let pictures = root().join("target/report");
    std::fs::create_dir_all(&pictures).unwrap();
    let picture = pictures.join(format!("{name}-{width}-{scheme}.png"));
    let mut command = chromium(dir);
    command.arg(format!("--window-size={width},{height}"));
    command.arg(format!("--screenshot={}", picture.display()));
    if scheme == "dark" {
        command.args(["--force-dark-mode", "--blink-settings=preferredColorScheme=0"]);
    }
    finish(command.arg(format!("file://{}", page.display())));
    picture
}

/// How many rows of a picture are looked at: what a window shows.
const ROWS: usize = 800;

/// What a test wants to know of a PNG (ISO/IEC 15948), of eight bits and without interlace.
struct Picture {
    width: u32,
    colours: usize,
    corner: [u8; 3],
}

impl Picture {
    fn read(path: &Path) -> Option<Self> {
        let bytes = bytes_of(path);
        let mut rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
        let (mut head, mut data) = (&rest[..0], Vec::new());
        while rest.len() > 12 {
            let length = usize::try_from(u32::from_be_bytes(rest[..4].try_into().ok()?)).ok()?;
            match &rest[4..8] {
                b"IHDR" => head = &rest[8..8 + length],
                b"IDAT" => data.extend(&rest[8..8 + length]),
                _ => {}
            }
            rest = &rest[12 + length..];
        }
        let width = u32::from_be_bytes(head[..4].try_into().ok()?);
        let each = match head[8..] {
            [8, 2, _, _, 0] => 3,
            [8, 6, _, _, 0] => 4,
            _ => return None,
        };
        let row = usize::try_from(width).ok()? * each;
        let mut raw = flate2::read::ZlibDecoder::new(&*data);
        let mut line = vec![0; row + 1];
        let mut above = vec![0; row];
        let mut colours = HashSet::new();
        let mut corner = None;
        for _ in 0..ROWS {
            if raw.read_exact(&mut line).is_err() {
                break;
            }
            let mut now = vec![0; row];
            for at in 0..row {
                let left = if at < each { 0 } else { now[at - each] };
                let before = if at < each { 0 } else { above[at - each] };
                now[at] = line[at + 1].wrapping_add(predicted(line[0], left, above[at], before));
            }
            colours.extend(now.chunks_exact(each).map(|pixel| [pixel[0], pixel[1], pixel[2]]));
            corner.get_or_insert([now[0], now[1], now[2]]);
            above = now;
        }
        Some(Picture { width, colours: colours.len(), corner: corner? })
    }
}

/// The filters of PNG (9.2).
fn predicted(filter: u8, left: u8, above: u8, before: u8) -> u8 {
    match filter {
        1 => left,
        2 => above,
        3 => u8::try_from((u16::from(left) + u16::from(above)) / 2).unwrap(),
        4 => {
            let estimate = i16::from(left) + i16::from(above) - i16::from(before);
            *[left, above, before].iter().min_by_key(|part| (estimate - i16::from(**part)).abs()).unwrap()
        }
        _ => 0,
    }
}

fn log(plan: &Plan) -> Vec<u8> {
    let mut log = Vec::new();
    plan.write(Form::Rfc3339, &mut log).unwrap();
    log
}

#[test]
fn the_page_of_a_week_fits_desk_and_telephone() {
    let dir = Dir::new();
    let page = page(&dir, &log(&Plan { weeks: 1.0, machines: 1, ..Plan::new(7) }), &["--to", "2026-10-11"]);
    look("week", &dir, &page);
}

#[test]
fn the_page_of_six_weeks_is_the_picture_of_the_readme() {
    let dir = Dir::new();
    let mut log = Vec::new();
    grosse::write(Form::Rfc3339, &mut log).unwrap();
    let page = page(&dir, &log, &["--slots", "40", "--total", "40"]);
    look("six-weeks", &dir, &page);
    let text = std::fs::read_to_string(&page).unwrap();
    for week in &grosse::WEEKS {
        assert!(text.contains(&format!("<td class=\"w\">{}</td>", week.monday)), "{}", week.monday);
    }
    // What a page on paper needs.
    let pdf = root().join("target/report/six-weeks.pdf");
    let print = format!("--print-to-pdf={}", pdf.display());
    finish(chromium(&dir).args(["--no-pdf-header-footer", &print]).arg(format!("file://{}", page.display())));
    assert!(bytes_of(&pdf).starts_with(b"%PDF-"));

    // The beginning of it is in the README.
    let picture = shoot("readme", &dir, &page, (1200, README), "light");
    let committed = root().join("contrib/report/six-weeks.png");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(committed.parent().unwrap()).unwrap();
        std::fs::copy(&picture, &committed).unwrap();
    }
    // Another version of the browser draws other shades, so only what must not change is compared.
    let bytes = bytes_of(&committed);
    assert!((10_000..200_000).contains(&bytes.len()), "{} bytes", bytes.len());
    let [ours, now] = [&committed, &picture].map(|path| Picture::read(path).expect("it is a picture"));
    assert_eq!((ours.width, ours.corner), (now.width, now.corner), "run it again with UPDATE=1");
}

/// How high the picture of the README is.
const README: u32 = 1460;

#[test]
fn the_page_of_two_years_fits_desk_and_telephone() {
    let dir = Dir::new();
    let start = "2024-10-07T00:00:00Z".parse().unwrap();
    let plan = Plan { start, weeks: 104.0, machines: 1, visitors: 250, ..Plan::new(8) };
    look("two-years", &dir, &page(&dir, &log(&plan), &[]));
}

#[test]
fn the_page_of_nothing_fits_too() {
    let dir = Dir::new();
    look("nothing", &dir, &page(&dir, b"", &[]));
}
