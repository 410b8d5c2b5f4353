//! How a site looks: colours, letters, where things stand, and what they are called in the style sheet.
//!
//! Everything is chosen once for a site and season, so that no two sites have a style sheet, or the order of
//! what is on a page, in common.

use super::dice::{Dice, Keyed};
use std::fmt::Write as _;

/// The look of a site.
pub struct Look {
    hue: u32,
    saturation: u32,
    accent: u32,
    serif: usize,
    headings: usize,
    radius: u32,
    width: u32,
    banner: usize,
    /// Where the navigation is.
    pub navigation: Navigation,
    /// How people are shown.
    pub people: People,
    /// Whether pages say where they are.
    pub crumbs: bool,
    /// Whether the people to ask come before the text.
    pub contacts_first: bool,
    /// How lists of pages are shown.
    pub listing: Listing,
    pub class: Classes,
    /// The name of the style sheet, without its ending.
    pub sheet: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Navigation {
    Top,
    Left,
    Right,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum People {
    Cards,
    Table,
    List,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    Lines,
    Boxes,
    Definitions,
}

/// What things are called in the style sheet.
pub struct Classes {
    pub page: &'static str,
    pub head: &'static str,
    pub brand: &'static str,
    pub tagline: &'static str,
    pub navigation: &'static str,
    pub columns: &'static str,
    pub crumbs: &'static str,
    pub person: &'static str,
    pub people: &'static str,
    pub portrait: &'static str,
    pub listing: &'static str,
    pub date: &'static str,
    pub foot: &'static str,
    pub entry: &'static str,
    pub lead: &'static str,
}

/// Each row: the words for one thing.
macro_rules! classes {
    ($dice:ident, $($field:ident: $($word:literal)*;)*) => {
        Classes { $($field: $dice.pick(&[$($word),*]).copied().unwrap_or("box")),* }
    };
}

impl Classes {
    fn new(dice: &mut Dice) -> Self {
        // No word is in two rows, so that two things never have the same name.
        classes! { dice,
            page: "page" "wrap" "outer" "container" "site";
            head: "head" "masthead" "top" "banner" "hd";
            brand: "brand" "logo" "sitename" "title-main" "org";
            tagline: "tagline" "slogan" "motto" "claim";
            navigation: "nav" "menu" "mainnav" "links" "navbar";
            columns: "columns" "body" "grid" "middle" "cols";
            crumbs: "crumbs" "path" "trail" "breadcrumb" "where";
            person: "person" "vcard" "card" "member" "contact";
            people: "people" "staff" "contacts" "members" "team-list";
            portrait: "portrait" "photo" "face" "pic" "avatar";
            listing: "listing" "items" "teasers" "overview" "index";
            date: "date" "when" "meta" "posted" "stamp";
            foot: "foot" "footer" "bottom" "ft" "imprint";
            entry: "entry" "post" "message" "note" "item";
            lead: "lead" "intro" "summary" "abstract" "teaser";
        }
    }
}

const FONTS: [&str; 7] = [
    "Georgia, 'Times New Roman', serif",
    "Verdana, Geneva, sans-serif",
    "'Helvetica Neue', Helvetica, Arial, sans-serif",
    "'Trebuchet MS', 'Segoe UI', sans-serif",
    "Cambria, Georgia, serif",
    "Tahoma, Arial, sans-serif",
    "system-ui, sans-serif",
];

impl Look {
    /// The look that follows from a key; `sheet` are the names that a style sheet may have.
    pub fn new(keyed: &Keyed, sheet: &[(&'static str, &'static str)]) -> Self {
        let mut dice = keyed.dice("look", 0);
        let hue = dice.of(0..=359);
        Look {
            hue,
            saturation: dice.of(18..=48),
            accent: (hue + dice.of(90..=270)) % 360,
            serif: dice.below(FONTS.len()),
            headings: dice.below(FONTS.len()),
            radius: dice.of(0..=8),
            width: dice.of(54..=72),
            banner: dice.below(3),
            navigation: [Navigation::Top, Navigation::Left, Navigation::Right][dice.below(3)],
            people: [People::Cards, People::Table, People::List][dice.below(3)],
            crumbs: dice.percent(70),
            contacts_first: dice.percent(25),
            listing: [Listing::Lines, Listing::Boxes, Listing::Definitions][dice.below(3)],
            class: Classes::new(&mut dice),
            sheet: dice.pick(sheet).map_or("style", |(name, _)| *name),
        }
    }

    /// The style sheet.
    pub fn css(&self) -> String {
        let Look { hue, saturation, accent, radius, width, class, .. } = self;
        let text = FONTS.get(self.serif).copied().unwrap_or("serif");
        let headings = FONTS.get(self.headings).copied().unwrap_or("serif");
        let (deep, pale) = (format!("hsl({hue} {saturation}% 26%)"), format!("hsl({hue} {saturation}% 94%)"));
        let line = format!("hsl({hue} {saturation}% 82%)");
        let link = format!("hsl({accent} 55% 33%)");
        let (head_back, head_text) = match self.banner {
            0 => (deep.clone(), "#ffffff".to_owned()),
            1 => (pale.clone(), deep.clone()),
            _ => (
                format!("linear-gradient(90deg, {deep}, hsl({hue} {saturation}% 40%))"),
                "#ffffff".to_owned(),
            ),
        };
        let mut css = String::new();
        let _ = write!(
            css,
            "*{{box-sizing:border-box}}\n\
             body{{margin:0;font:1rem/1.55 {text};color:#24262a;background:hsl({hue} 12% 97%)}}\n\
             h1,h2,h3{{font-family:{headings};line-height:1.2;color:{deep}}}\n\
             h1{{font-size:1.8rem;margin:.2em 0 .6em}}\nh2{{font-size:1.3rem;margin:1.5em 0 .5em}}\nh3{{font-size:1.05rem;margin:1.2em 0 .3em}}\n\
             a{{color:{link}}}\na:hover{{text-decoration:none}}\n\
             table{{border-collapse:collapse;width:100%;margin:1em 0}}\n\
             th,td{{border-bottom:1px solid {line};padding:.4em .6em;text-align:left;vertical-align:top;overflow-wrap:anywhere}}\nth{{background:{pale}}}\n\
             address{{font-style:normal}}\ndd{{margin:0 0 .7em 1.2em}}\nblockquote{{margin:.5em 0 .5em .3em;padding-left:.8em;border-left:3px solid {line};color:#555}}\n\
             .{page}{{max-width:{width}rem;margin:0 auto;background:#fff;min-height:100vh;border:0 solid {line};border-width:0 1px}}\n\
             .{head}{{background:{head_back};padding:1.3rem 1.6rem}}\n\
             .{brand}{{font:bold 1.5rem/1.2 {headings};color:{head_text};text-decoration:none}}\n\
             .{tagline}{{margin:.3em 0 0;color:{head_text};opacity:.85}}\n\
             .{foot}{{padding:1rem 1.6rem;border-top:1px solid {line};font-size:.85rem;color:#555}}\n\
             .{crumbs}{{font-size:.85rem;margin:0 0 1em;color:#555}}\n\
             .{date}{{font-size:.85rem;color:#666}}\n\
             .{lead}{{font-size:1.08rem}}\n\
             .{entry}{{border:1px solid {line};border-radius:{radius}px;padding:.4em 1em;margin:1em 0}}\n\
             .{portrait}{{border-radius:{radius}px;display:block;max-width:100%}}\n\
             main{{padding:1.2rem 1.6rem;min-width:0;overflow-wrap:break-word}}\n",
            page = class.page,
            head = class.head,
            brand = class.brand,
            tagline = class.tagline,
            foot = class.foot,
            crumbs = class.crumbs,
            date = class.date,
            lead = class.lead,
            entry = class.entry,
            portrait = class.portrait,
        );
        self.navigation_css(&line, &pale, &mut css);
        let _ = write!(
            css,
            ".{people}{{display:flex;flex-wrap:wrap;gap:1rem;margin:1em 0;padding:0;list-style:none}}\n\
             table.{people}{{display:table}}\n\
             .{person}{{border:1px solid {line};border-radius:{radius}px;padding:.8rem;flex:1 1 15rem;display:flex;gap:.8rem}}\n\
             .{person} p{{margin:.15em 0;overflow-wrap:anywhere}}\n.{person} .{portrait}{{flex:0 0 auto;width:72px;height:84px}}\n",
            people = class.people,
            person = class.person,
            portrait = class.portrait,
        );
        let listing = class.listing;
        let _ = match self.listing {
            Listing::Lines => {
                writeln!(css, ".{listing}{{padding-left:1.2em}}\n.{listing} li{{margin:.35em 0}}")
            }
            Listing::Boxes => writeln!(
                css,
                ".{listing}{{list-style:none;padding:0}}\n\
                 .{listing} li{{border-left:4px solid {line};background:{pale};padding:.5em .8em;margin:.6em 0;border-radius:{radius}px}}"
            ),
            Listing::Definitions => writeln!(css, ".{listing} dt{{font-weight:bold;margin-top:.6em}}"),
        };
        css
    }

    fn navigation_css(&self, line: &str, pale: &str, css: &mut String) {
        let (navigation, columns) = (self.class.navigation, self.class.columns);
        let _ = write!(
            css,
            ".{navigation} ul{{list-style:none;margin:0;padding:0}}\n.{navigation} a{{display:block;padding:.45em .7em;text-decoration:none}}\n\
             .{navigation} a:hover,.{navigation} a[aria-current]{{background:{pale}}}\n"
        );
        let side = match self.navigation {
            Navigation::Top => {
                let _ = writeln!(
                    css,
                    ".{navigation}{{border-bottom:1px solid {line};padding:0 .9rem}}\n.{navigation} ul{{display:flex;flex-wrap:wrap}}"
                );
                return;
            }
            Navigation::Left => ("14rem minmax(0,1fr)", "right"),
            Navigation::Right => ("minmax(0,1fr) 14rem", "left"),
        };
        let order = if self.navigation == Navigation::Right { 2 } else { 0 };
        let _ = write!(
            css,
            ".{navigation}{{padding:1rem .5rem;border-{}:1px solid {line};order:{order}}}\n\
             @media(min-width:48rem){{.{columns}{{display:grid;grid-template-columns:{}}}}}\n\
             @media(max-width:47.99rem){{.{navigation}{{border:0;border-bottom:1px solid {line};padding:.3rem .5rem;order:0}}\n.{navigation} ul{{display:flex;flex-wrap:wrap}}}}\n",
            side.1, side.0,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_look_different() {
        let sheet = |seed| Look::new(&Keyed::new([seed; 32]), &[("style", "style")]).css();
        assert_eq!(sheet(1), sheet(1));
        let all: std::collections::BTreeSet<_> = (0..50).map(sheet).collect();
        assert_eq!(all.len(), 50);
        for css in all {
            assert_eq!(css.matches('{').count(), css.matches('}').count(), "{css}");
        }
    }
}
