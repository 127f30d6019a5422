//! Where the randomness of an answer comes from: the seed and the content of the request.

use rand::SeedableRng;
use rand::rngs::StdRng;

/// What an answer may depend on, reduced to a digest. Time, order and connection are not part of
/// it, so a run is repeatable however its requests interleave.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draw {
    digest: [u8; 32],
}

/// A quantity that is drawn. Each has numbers of its own, so that changing how one is drawn
/// leaves the others as they were.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    Answer,
    Latency,
    Fault,
}

impl Draw {
    /// Digests what distinguishes one request from another.
    pub(super) fn new(seed: u64, key: Option<&[u8]>, body: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes());
        // The length in front keeps a key apart from the body behind it.
        let length = key.map_or(u64::MAX, |key| key.len() as u64);
        hasher.update(&length.to_le_bytes());
        hasher.update(key.unwrap_or_default());
        hasher.update(body);
        let digest = hasher.finalize().into();
        Self { digest }
    }

    /// Returns the random numbers for one purpose.
    pub(super) fn rng(self, purpose: Purpose) -> StdRng {
        let mut seed = self.digest;
        seed[0] ^= purpose as u8;
        StdRng::from_seed(seed)
    }

    /// Returns the random numbers for one purpose at the n-th attempt of the request.
    pub(super) fn nth(self, purpose: Purpose, n: u32) -> StdRng {
        let mut seed = self.digest;
        seed[0] ^= purpose as u8;
        for (byte, of_n) in seed[1..5].iter_mut().zip(n.to_le_bytes()) {
            *byte ^= of_n;
        }
        StdRng::from_seed(seed)
    }

    /// Returns enough of the digest to tell requests apart.
    pub(super) fn short(self) -> [u8; 16] {
        let mut short = [0; 16];
        short.copy_from_slice(&self.digest[..16]);
        short
    }

    /// Returns a name for the request, in hexadecimal digits.
    pub(super) fn id(self) -> String {
        blake3::Hash::from_bytes(self.digest).to_hex()[..24].to_owned()
    }
}
