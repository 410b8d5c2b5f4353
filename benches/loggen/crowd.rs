//! Who comes: most once, some thousands of times; hosts cluster in networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::dice::Dice;

/// The largest number from one address in 2005.
const MOST: u32 = 2_146;

/// One address, and the software that speaks from it.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    pub ip: IpAddr,
    /// Which software, see [`super::talk::BOTS`].
    pub bot: usize,
}

pub struct Crowd {
    dice: Dice,
    sources: Vec<Source>,
    /// Everybody who will come again, as often as that.
    again: Vec<u32>,
    networks: Vec<IpAddr>,
}

impl Crowd {
    pub fn new(dice: Dice) -> Self {
        Crowd { dice, sources: Vec::new(), again: Vec::new(), networks: Vec::new() }
    }

    pub fn next(&mut self) -> Source {
        // A fifth of the mail is somebody new, who comes five times on average.
        if self.again.is_empty() || self.dice.chance(0.22) {
            return self.newcomer();
        }
        let at = self.dice.below(self.again.len());
        let source = self.again.swap_remove(at);
        self.sources[source as usize]
    }

    fn newcomer(&mut self) -> Source {
        let ip = self.address();
        let source = Source { ip, bot: self.dice.below(super::talk::BOTS.len()) };
        let number = u32::try_from(self.sources.len()).expect("fewer than four thousand million sources");
        self.sources.push(source);
        for _ in 1..self.dice.power(1.15, MOST) {
            self.again.push(number);
        }
        source
    }

    fn address(&mut self) -> IpAddr {
        // Every second one has neighbours.
        let network = match self.networks.is_empty() || self.dice.chance(0.5) {
            true => {
                let new = self.network();
                self.networks.push(new);
                new
            }
            false => *self.dice.pick(&self.networks),
        };
        let host = self.dice.number();
        match network {
            IpAddr::V4(ip) => {
                let [a, b, c, _] = ip.octets();
                Ipv4Addr::new(a, b, c, u8::try_from(1 + host % 254).unwrap_or(1)).into()
            }
            IpAddr::V6(ip) => {
                let [a, b, c, ..] = ip.segments();
                let [_, _, d, e] =
                    [48, 32, 16, 0].map(|shift| u16::try_from(host >> shift & 0xff).unwrap_or(1));
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, e).into()
            }
        }
    }

    /// A /24, or in one of eight cases a /48, of which the world takes notice.
    fn network(&mut self) -> IpAddr {
        let number = self.dice.number();
        let [a, b, c] = [0, 8, 16].map(|shift| u8::try_from(number >> shift & 0xff).unwrap_or_default());
        if number >> 60 < 2 {
            return Ipv6Addr::new(0x2a00 + u16::from(a % 16), b.into(), c.into(), 0, 0, 0, 0, 0).into();
        }
        // Between 11 and 99 nothing is private or reserved; 100 begins with what carriers share.
        Ipv4Addr::new(11 + a % 88, b, c, 0).into()
    }
}
