//! Portraits of people who do not exist: drawings, small enough to stand in the page.

use super::dice::Dice;
use std::fmt::Write as _;

const SKIN: &[&str] =
    &["#f6d7c3", "#efc7a8", "#e0ac86", "#c98d63", "#a86f48", "#7d4f33", "#f2cdb5", "#d9a27c"];
const HAIR: &[&str] =
    &["#2b211c", "#4a3426", "#6b4a2f", "#8f6a3f", "#b58a52", "#9a9a96", "#c9c4bb", "#5a2e20", "#1d1b1e"];
const CLOTH: &[&str] =
    &["#33506e", "#6d3b47", "#3f5d4a", "#4d4a63", "#7a6a4c", "#2f3a44", "#8a5a3c", "#56707a"];
const BACK: &[&str] = &["#dfe6ea", "#e9e3d8", "#e2e8df", "#e6e0e8", "#dde3ee", "#ece7e0"];

/// Appends a portrait as SVG. `label` is its text for those who do not see it; `woman` decides between
/// the ways of wearing one's hair.
pub fn draw(label: &str, woman: bool, class: &str, dice: &mut Dice, to: &mut String) {
    let mut color = |from: &[&'static str]| dice.pick(from).copied().unwrap_or("#888888");
    let (skin, hair, cloth, back) = (color(SKIN), color(HAIR), color(CLOTH), color(BACK));
    let wide = dice.of(22..=26);
    let tall = dice.of(28..=32);
    let (left, right) = (60 - wide, 60 + wide);
    let _ = write!(
        to,
        "<svg class=\"{class}\" role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 120 140\" width=\"96\" height=\"112\">\
         <rect width=\"120\" height=\"140\" fill=\"{back}\"/>"
    );
    let style = dice.below(3);
    if woman && style < 2 {
        // Hair that falls behind the shoulders, long or to the chin.
        let end = if style == 0 { 112 } else { 88 };
        let _ = write!(
            to,
            "<path d=\"M{} 58Q60 {} {} 58L{} {end}Q60 {} {} {end}Z\" fill=\"{hair}\"/>",
            left - 7,
            dice.of(2..=8),
            right + 7,
            right + 9,
            end + 6,
            left - 9,
        );
    }
    let _ = write!(
        to,
        "<path d=\"M12 140Q14 104 46 100L74 100Q106 104 108 140Z\" fill=\"{cloth}\"/>\
         <path d=\"M50 84L70 84L72 104Q60 114 48 104Z\" fill=\"{skin}\"/>\
         <ellipse cx=\"60\" cy=\"62\" rx=\"{wide}\" ry=\"{tall}\" fill=\"{skin}\"/>"
    );
    match (woman, style) {
        // A parting that leaves the brow free.
        (true, 0 | 1) => {
            let part = dice.of(50..=70);
            let _ = write!(
                to,
                "<path d=\"M{0} 64Q{0} 30 60 28Q{1} 30 {1} 64Q{2} 46 {part} 40Q{3} 46 {0} 64Z\" fill=\"{hair}\"/>",
                left - 2,
                right + 2,
                right - 4,
                left + 4,
            );
        }
        (true, _) => {
            let _ = write!(
                to,
                "<circle cx=\"60\" cy=\"26\" r=\"11\" fill=\"{hair}\"/>\
                 <path d=\"M{0} 60Q{1} 28 60 28Q{2} 28 {3} 60Q{4} 42 60 41Q{5} 42 {0} 60Z\" fill=\"{hair}\"/>",
                left - 1,
                left,
                right,
                right + 1,
                right - 5,
                left + 5,
            );
        }
        (false, 0) => {
            let _ = write!(
                to,
                "<path d=\"M{0} 58Q{1} 30 60 29Q{2} 30 {3} 58L{4} 48Q60 38 {5} 48Z\" fill=\"{hair}\"/>",
                left - 1,
                left - 1,
                right + 1,
                right + 1,
                right - 3,
                left + 3,
            );
        }
        (false, 1) => {
            // Hair at the sides only.
            let _ = write!(
                to,
                "<path d=\"M{0} 66Q{1} 46 {2} 42L{3} 58Z\" fill=\"{hair}\"/><path d=\"M{4} 66Q{5} 46 {6} 42L{7} 58Z\" fill=\"{hair}\"/>",
                left - 1,
                left - 2,
                left + 6,
                left + 3,
                right + 1,
                right + 2,
                right - 6,
                right - 3,
            );
        }
        (false, _) => {
            let _ = write!(
                to,
                "<path d=\"M{0} 56Q{1} 24 {2} 27Q{3} 26 {4} 56Q{5} 40 {6} 42Q50 44 {0} 56Z\" fill=\"{hair}\"/>",
                left - 1,
                left + 2,
                dice.of(54..=66),
                right,
                right + 1,
                right - 2,
                dice.of(64..=72),
            );
        }
    }
    let eyes = dice.of(60..=63);
    let _ = write!(
        to,
        "<circle cx=\"51\" cy=\"{eyes}\" r=\"2.2\" fill=\"#33291f\"/><circle cx=\"69\" cy=\"{eyes}\" r=\"2.2\" fill=\"#33291f\"/>\
         <path d=\"M46 {0}Q51 {1} 55 {0}M65 {0}Q69 {1} 74 {0}\" fill=\"none\" stroke=\"{hair}\" stroke-width=\"1.8\"/>\
         <path d=\"M60 64L58 71Q60 73 62 72\" fill=\"none\" stroke=\"#00000033\" stroke-width=\"1.5\"/>",
        eyes - 6,
        eyes - 8,
    );
    let smile = dice.of(82..=85);
    let _ = write!(
        to,
        "<path d=\"M52 79Q60 {smile} 68 79\" fill=\"none\" stroke=\"#9c4f45\" stroke-width=\"2\" stroke-linecap=\"round\"/>"
    );
    if dice.percent(30) {
        let _ = write!(
            to,
            "<path d=\"M43 {eyes}a8 7 0 1 0 16 0a8 7 0 1 0 -16 0M61 {eyes}a8 7 0 1 0 16 0a8 7 0 1 0 -16 0M59 {eyes}h2\" \
             fill=\"none\" stroke=\"#3b3f45\" stroke-width=\"1.4\"/>"
        );
    }
    if !woman && dice.percent(25) {
        let _ = write!(
            to,
            "<path d=\"M{} 70Q{} 96 60 98Q{} 96 {} 70Q72 76 60 76Q48 76 {0} 70Z\" fill=\"{hair}\" fill-opacity=\".85\"/>\
             <path d=\"M54 83Q60 {} 66 83\" fill=\"none\" stroke=\"#9c4f45\" stroke-width=\"2\"/>",
            left + 1,
            left + 5,
            right - 5,
            right - 1,
            smile + 2,
        );
    }
    to.push_str("</svg>");
}
