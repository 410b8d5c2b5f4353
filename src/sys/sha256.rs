//! SHA-256 of one block, with the processor's own instructions where it has them.
//!
//! To make an address takes some dozens of blocks, which are most of the time of a page. The instructions do
//! a block in a tenth of the time, but to ask the processor for them traps in a virtual machine, which takes as
//! long as some dozens of blocks as well. So nobody asks who hashes only a few: a process that recognises an
//! address or two never does.

use sha2::block_api::compress256;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A message with what SHA-256 puts behind it: a bit, zeros, and its length.
pub type Block = [u8; 64];

/// The state that a hash begins with.
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// How many blocks are hashed before the processor is asked.
const PATIENCE: u32 = 64;

/// The blocks that were hashed, or what the processor has answered.
static HASHED: AtomicU32 = AtomicU32::new(0);
const HAS: u32 = u32::MAX;
const HAS_NOT: u32 = u32::MAX - 1;

/// The first eight bytes of the hash of a message of one block.
pub fn head(block: &Block) -> u64 {
    match HASHED.load(Relaxed) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: this is stored only when the processor has said that it has the instructions.
        HAS => unsafe { x86::head(block) },
        count => {
            if count < PATIENCE {
                HASHED.store(count + 1, Relaxed);
            } else if count == PATIENCE {
                HASHED.store(if has_instructions() { HAS } else { HAS_NOT }, Relaxed);
            }
            soft(block)
        }
    }
}

fn soft(block: &Block) -> u64 {
    let mut state = START;
    compress256(&mut state, std::slice::from_ref(block));
    u64::from(state[0]) << 32 | u64::from(state[1])
}

#[cfg(not(target_arch = "x86_64"))]
fn has_instructions() -> bool {
    false
}

#[cfg(target_arch = "x86_64")]
use x86::has_instructions;

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Block, START};
    use std::arch::x86_64::*;

    /// Whether the processor has the instructions. This asks no more than that, where the standard library
    /// would ask for everything.
    pub fn has_instructions() -> bool {
        // The last leaf that there is, then SHA of the extended features.
        __cpuid(0).eax >= 7 && __cpuid_count(7, 0).ebx >> 29 & 1 == 1
    }

    /// The same as [`super::soft`].
    #[target_feature(enable = "sha")]
    pub fn head(block: &Block) -> u64 {
        let four = |words: [u32; 4]| {
            let [a, b, c, d] = words.map(u32::cast_signed);
            _mm_set_epi32(d, c, b, a)
        };
        let [a, b, c, d, e, f, g, h] = START;
        let start = four([f, e, b, a]);
        let (mut abef, mut cdgh) = (start, four([h, g, d, c]));
        let (quads, _) = block.as_chunks::<16>();
        let mut message = [_mm_setzero_si128(); 4];
        for (words, quad) in message.iter_mut().zip(quads) {
            let (quad, _) = quad.as_chunks::<4>();
            *words =
                four([0, 1, 2, 3].map(|at: usize| quad.get(at).map_or(0, |word| u32::from_be_bytes(*word))));
        }
        for constants in CONSTANTS {
            let [first, second, third, fourth] = message;
            let round = _mm_add_epi32(first, four(constants));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, round);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32::<0x0e>(round));
            // The four words after these; those after the last are never used.
            let seventh = _mm_or_si128(_mm_srli_si128::<4>(third), _mm_slli_si128::<12>(fourth));
            let next = _mm_add_epi32(_mm_sha256msg1_epu32(first, second), seventh);
            message = [second, third, fourth, _mm_sha256msg2_epu32(next, fourth)];
        }
        let end = _mm_add_epi32(abef, start);
        _mm_cvtsi128_si64(_mm_unpackhi_epi64(end, end)).cast_unsigned()
    }

    /// The constants of the rounds (FIPS 180-4, 4.2.2), four by four.
    const CONSTANTS: [[u32; 4]; 16] = [
        [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
        [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
        [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
        [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
        [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
        [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
        [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
        [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
        [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
        [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
        [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
        [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
        [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
        [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
        [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
        [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    /// A message, and what stands behind it.
    fn padded(message: &[u8]) -> Block {
        let mut block = [0; 64];
        block[..message.len()].copy_from_slice(message);
        block[message.len()] = 0x80;
        block[56..].copy_from_slice(&(message.len() as u64 * 8).to_be_bytes());
        block
    }

    #[test]
    fn it_is_the_beginning_of_the_hash_whoever_makes_it() {
        // More than PATIENCE, so that both ways are gone on a processor that has the instructions.
        for number in 0..500_u64 {
            let message: Vec<u8> = (0..number % 56).map(|at| (number * 31 + at * at * 7) as u8).collect();
            let hash: [u8; 32] = Sha256::digest(&message).into();
            let block = padded(&message);
            let expected = u64::from_be_bytes(*hash.first_chunk().unwrap());
            assert_eq!((soft(&block), head(&block)), (expected, expected), "{message:?}");
        }
    }
}
