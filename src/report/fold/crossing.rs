//! What was shown, held against what came back.

use hashbrown::HashMap;
use std::collections::BTreeMap;

use super::build::Frame;
use super::harvest::{HarvestFold, Showing, plain};
use crate::receipt::Style;
use crate::report::Net;
use crate::report::holds::Holds;
use crate::report::summary::{Harvest, Harvester, ReceiptFacts, Season, Shown};
use crate::report::zone::Zone;

/// Joins the two.
pub(super) fn build(fold: &HarvestFold, weeks: &[Frame], masked: bool, zone: &Zone) -> Harvest {
    let net = |address| if masked { Net::around(address) } else { Net::host(address) };
    let mut receipts = Vec::new();
    let mut delays = Holds::default();
    // By network: addresses that came back, their mails, and the first of these.
    let mut back: HashMap<Net, (u64, u64, i64)> = HashMap::new();
    let mut styles: BTreeMap<&str, (Style, u64, u64)> = BTreeMap::new();
    // These are many, so they are put in their order before there is much to move.
    let mut used: Vec<_> = fold.used.iter().filter(|(_, used)| used.mails > 0).collect();
    used.sort_unstable_by(|(a, a_used), (b, b_used)| {
        b_used.first.cmp(&a_used.first).then_with(|| a.to_string().cmp(&b.to_string()))
    });
    receipts.reserve_exact(used.len());
    for (receipt, used) in used {
        let showing = fold.showing(receipt).and_then(|(place, showing)| Some((place, showing, showing.to?)));
        let delay = showing.and_then(|(_, showing, _)| u64::try_from(used.first - showing.first).ok());
        if let Some(delay) = delay {
            delays.add(delay);
        }
        if let Some((_, _, to)) = showing {
            let sum = back.entry(Net::around(to)).or_insert((0, 0, used.first));
            *sum = (sum.0 + 1, sum.1 + used.mails, sum.2.min(used.first));
        }
        let style = styles.entry(receipt.style.as_str()).or_insert((receipt.style, 0, 0));
        (style.1, style.2) = (style.1 + 1, style.2 + used.mails);
        receipts.push(ReceiptFacts {
            receipt: receipt.to_string(),
            season: receipt.season,
            style: receipt.style,
            shown: showing.map(|(place, showing, to)| Shown {
                at: zone.moment(showing.first),
                to: net(to),
                service: Showing::service(&place),
                place: plain(fold.place(showing)),
                agent: fold.agent(showing),
            }),
            first_mail: zone.moment(used.first),
            last_mail: zone.moment(used.last),
            delay,
            mails: used.mails,
            networks: used.networks.into(),
        });
    }
    let mut styles: Vec<_> = styles.into_values().collect();
    styles.sort_by_key(|(style, _, mails)| (std::cmp::Reverse(*mails), style.as_str()));
    Harvest {
        visits: fold.showings.values().map(|showing| showing.times).sum(),
        harvesters: harvesters(fold, &back, zone),
        seasons: seasons(fold, weeks, zone),
        receipts,
        delays,
        styles,
    }
}

/// The networks whose addresses came back, with all that they were shown.
fn harvesters(fold: &HarvestFold, back: &HashMap<Net, (u64, u64, i64)>, zone: &Zone) -> Vec<Harvester> {
    let mut showings: HashMap<Net, Vec<&Showing>> = HashMap::new();
    for showing in fold.showings.values() {
        if let Some(net) = showing.to.map(Net::around).filter(|net| back.contains_key(net)) {
            showings.entry(net).or_default().push(showing);
        }
    }
    let all = showings.into_iter().filter_map(|(net, showings)| {
        let (receipts, mails, first_mail) = *back.get(&net)?;
        let oldest = showings.iter().min_by_key(|showing| (showing.first, fold.place(showing)))?;
        let newest = showings.iter().map(|showing| showing.last).max()?;
        Some(Harvester {
            net,
            agent: fold.agent(oldest),
            first: zone.moment(oldest.first),
            last: zone.moment(newest),
            visits: showings.iter().map(|showing| showing.times).sum(),
            receipts,
            mails,
            delay: u64::try_from(first_mail - oldest.first).ok(),
        })
    });
    let mut all: Vec<_> = all.collect();
    all.sort_by_key(|harvester| (std::cmp::Reverse(harvester.mails), harvester.net));
    all
}

/// Earliest and latest of what there is.
fn around(moments: impl Iterator<Item = (i64, i64)>) -> Option<(i64, i64)> {
    moments.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

fn seasons(fold: &HarvestFold, weeks: &[Frame], zone: &Zone) -> Vec<Season> {
    let shown = fold.showings.iter().filter_map(|((season, _), showing)| Some(((*season)?, showing)));
    let shown: Vec<(u8, &Showing)> = shown.collect();
    let used: Vec<_> = fold
        .used
        .iter()
        // The people whom TarPop's mailboxes have in common are of no season, and say 0.
        .filter(|(receipt, used)| {
            let ours = receipt.style != Style::Mailbox;
            let seasonal = receipt.style != Style::Cast || receipt.season != 0;
            used.mails > 0 && ours && (seasonal || shown.iter().any(|(season, _)| *season == 0))
        })
        .collect();
    let mut numbers: Vec<u8> = shown.iter().map(|(season, _)| *season).collect();
    numbers.extend(used.iter().map(|(receipt, _)| receipt.season));
    numbers.sort_unstable();
    numbers.dedup();
    let moments = |pair: Option<(i64, i64)>| pair.map(|(a, b)| (zone.moment(a), zone.moment(b)));
    let season = |number: u8| {
        let shown = || shown.iter().filter(move |(season, _)| *season == number).map(|(_, showing)| showing);
        let used = || used.iter().filter(move |(receipt, _)| receipt.season == number).map(|(_, used)| used);
        let daily = |days: std::ops::Range<i64>| {
            let days = fold.daily.iter().filter(|((season, day), _)| *season == number && days.contains(day));
            days.map(|(_, mails)| mails).sum()
        };
        Season {
            season: number,
            shown: moments(around(shown().map(|showing| (showing.first, showing.last)))),
            visits: shown().map(|showing| showing.times).sum(),
            receipts: used().count() as u64,
            mails: used().map(|used| used.mails).sum(),
            used: moments(around(used().map(|used| (used.first, used.last)))),
            weekly: weeks.iter().map(|week| daily(week.days())).collect(),
        }
    };
    numbers.into_iter().map(season).collect()
}
