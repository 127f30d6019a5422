//! Seals calls, jobs and what comes of them with a key that driver and workers share, so that whoever reads at
//! the server, on its disk or on the way reads nothing of them.
//!
//! Each body has a key of its own, made of the shared one and 32 random bytes that travel with it (HKDF, RFC
//! 5869), and is encrypted and authenticated with it (AES-256-GCM). So no nonce is ever used twice, however
//! many bodies there are. What it is, and whose, is authenticated with it: a server that hands out the reply to
//! another question is found out.
//!
//! Several keys may be known, of which the first seals: workers learn of a new one before drivers use it, and
//! what an old one has sealed can still be read.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::error::Unspecified;
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::{Deserialize, Serialize};

use crate::error::{RestateError, RestateErrorKind};

/// The form of sealed bodies. Another one is refused, not guessed at.
const FORM: u32 = 1;

/// Bytes of a key, and of what is random in a body.
const BYTES: usize = 32;

/// Says what a key is for, so that nothing else is ever made of it.
const BODY: &[u8] = b"patterns restate body 1";
const NAME: &[u8] = b"patterns restate name 1";

/// What a body is; it is authenticated with it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Call,
    Reply,
    Job,
    Ended,
}

impl Kind {
    /// Returns its word, as it is authenticated.
    fn word(self) -> &'static str {
        match self {
            Self::Call => "Call",
            Self::Reply => "Reply",
            Self::Job => "Job",
            Self::Ended => "Ended",
        }
    }
}

/// The keys with which bodies are sealed.
#[derive(Clone)]
pub struct Seal(Arc<[Key]>);

struct Key {
    secret: SecretBox<[u8; BYTES]>,
    /// Tells it from others, and says nothing of it.
    name: String,
}

/// A body that is sealed, as it travels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sealed {
    sealed: u32,
    /// The name of the key.
    key: String,
    /// Whose it is: a driver and one run of it, or a job.
    pub(crate) asker: String,
    body: String,
}

impl Seal {
    /// Reads keys: 64 hexadecimal digits each, with commas between. The first one seals.
    ///
    /// ```
    /// use patterns_restate::Seal;
    ///
    /// let key = "5f0c1e9a77d2b3645f0c1e9a77d2b3645f0c1e9a77d2b3645f0c1e9a77d2b364";
    /// assert!(Seal::new(&key.to_owned().into()).is_ok());
    /// assert!(Seal::new(&"a password".to_owned().into()).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error of the kind [`Private`](RestateErrorKind::Private) that does not show them.
    pub fn new(keys: &SecretString) -> Result<Self, RestateError> {
        let each = keys.expose_secret().split(',').enumerate();
        let keys = each.map(|(number, digits)| {
            let key = secret(digits.trim()).and_then(|it| Key::new(it).ok());
            key.ok_or_else(|| {
                let words = format!(
                    "key {} of those that seal private bodies is not of 64 hexadecimal digits",
                    number + 1
                );
                RestateError::new(RestateErrorKind::Private, words)
            })
        });
        Ok(Self(keys.collect::<Result<_, _>>()?))
    }

    /// Seals a body of somebody.
    pub(crate) fn seal(
        &self,
        kind: Kind,
        about: &str,
        asker: &str,
        body: &[u8],
    ) -> Result<Sealed, &'static str> {
        let sealed = self.0.first().ok_or(Unspecified).and_then(|key| {
            let mut all = vec![0; BYTES];
            SystemRandom::new().fill(&mut all)?;
            let once = key.of_body(&all)?;
            let mut text = body.to_vec();
            once.seal_in_place_append_tag(nonce(), aad(kind, about), &mut text)?;
            all.append(&mut text);
            Ok(Sealed {
                sealed: FORM,
                key: key.name.clone(),
                asker: asker.to_owned(),
                body: STANDARD.encode(all),
            })
        });
        sealed.map_err(|_| "it cannot be sealed: this machine has no random numbers")
    }

    /// Opens a body, or says why it cannot be opened, with the next step.
    pub(crate) fn open(&self, sealed: &Sealed, kind: Kind, about: &str) -> Result<Vec<u8>, String> {
        let Some(key) = self.0.iter().find(|it| it.name == sealed.key) else {
            let theirs: String = sealed.key.chars().take(16).collect();
            let ours: Vec<&str> = self.0.iter().map(|it| &*it.name).collect();
            let ours = ours.join(", ");
            return Err(format!(
                "it is sealed with the key {theirs:?}, and here is {ours}: give driver and workers one key, \
                 and put an older one behind it, after a comma"
            ));
        };
        let opened = || {
            let mut all = STANDARD.decode(&sealed.body).ok()?;
            let (random, text) = all.split_at_mut_checked(BYTES)?;
            let once = key.of_body(random).ok()?;
            let text = once.open_in_place(nonce(), aad(kind, about), text).ok()?;
            (sealed.sealed == FORM).then(|| text.to_vec())
        };
        opened().ok_or_else(|| {
            "it is not what was sealed for this: it was changed on the way or at the server, or comes from \
             another version: give driver and workers one version"
                .to_owned()
        })
    }
}

impl Key {
    fn new(secret: SecretBox<[u8; BYTES]>) -> Result<Self, Unspecified> {
        let mut name = [0; 4];
        let made = Salt::new(HKDF_SHA256, &[]).extract(secret.expose_secret());
        made.expand(&[NAME], Length(name.len()))?.fill(&mut name)?;
        let name = name.iter().map(|it| format!("{it:02x}")).collect();
        Ok(Self { secret, name })
    }

    /// Makes the key of one body.
    fn of_body(&self, random: &[u8]) -> Result<LessSafeKey, Unspecified> {
        let made = Salt::new(HKDF_SHA256, random).extract(self.secret.expose_secret());
        let key: UnboundKey = made.expand(&[BODY], &AES_256_GCM)?.into();
        Ok(LessSafeKey::new(key))
    }
}

/// So many bytes are to be made of a key.
struct Length(usize);

impl ring::hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// The only one that its key is ever used with.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

fn aad(kind: Kind, about: &str) -> Aad<String> {
    Aad::from(format!("{} {about}", kind.word()))
}

/// Reads hexadecimal digits.
fn secret(digits: &str) -> Option<SecretBox<[u8; BYTES]>> {
    let is_one = digits.len() == 2 * BYTES && digits.bytes().all(|it| it.is_ascii_hexdigit());
    let mut secret = Box::new([0; BYTES]);
    for (byte, at) in secret.iter_mut().zip(0..).filter(|_| is_one) {
        *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    is_one.then(|| SecretBox::new(secret))
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|it| &it.name);
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "5f0c1e9a77d2b3645f0c1e9a77d2b3645f0c1e9a77d2b3645f0c1e9a77d2b364";
    const OTHER: &str = "00000000000000000000000000000000000000000000000000000000000000ff";

    fn seal(keys: &str) -> Seal {
        Seal::new(&keys.to_owned().into()).unwrap()
    }

    #[test]
    fn what_is_sealed_is_read_with_the_same_key_and_never_alike() {
        let one = seal(ONE);
        let sealed = one.seal(Kind::Call, "me", "me", b"the tide").unwrap();
        assert_eq!(one.open(&sealed, Kind::Call, "me").unwrap(), b"the tide");
        let again = one.seal(Kind::Call, "me", "me", b"the tide").unwrap();
        assert_ne!(sealed.body, again.body);
    }

    /// Made with another implementation (`cryptography` of Python): what a server keeps for a week is read by the
    /// next version.
    #[test]
    fn what_another_version_has_sealed_is_read() {
        let body = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh/tvL65UgytFg9J4n2qw+CkySdI1qIqJ5Y=";
        let sealed = Sealed {
            sealed: 1,
            key: "51b66843".to_owned(),
            asker: "me".to_owned(),
            body: body.to_owned(),
        };
        let opened = seal(ONE).open(&sealed, Kind::Reply, "a").unwrap();
        assert_eq!(opened, b"the tide");
    }

    #[test]
    fn a_key_can_be_changed_and_another_one_is_named() {
        let sealed = seal(ONE).seal(Kind::Call, "me", "me", b"x").unwrap();
        let both = seal(&format!("{OTHER},{ONE}"));
        assert_eq!(both.open(&sealed, Kind::Call, "me").unwrap(), b"x");
        let why = seal(OTHER).open(&sealed, Kind::Call, "me").unwrap_err();
        insta::assert_snapshot!(why);
        // The first one seals.
        let of_both = both.seal(Kind::Call, "me", "me", b"x").unwrap();
        assert!(seal(OTHER).open(&of_both, Kind::Call, "me").is_ok());
    }

    #[test]
    fn what_was_sealed_for_something_else_or_was_changed_is_refused() {
        let one = seal(ONE);
        let sealed = one.seal(Kind::Reply, "a", "me", b"yes").unwrap();
        assert!(one.open(&sealed, Kind::Reply, "b").is_err());
        assert!(one.open(&sealed, Kind::Call, "a").is_err());
        let mut bytes = STANDARD.decode(&sealed.body).unwrap();
        for at in [0, 33, bytes.len() - 1] {
            bytes[at] ^= 1;
            let body = STANDARD.encode(&bytes);
            let changed = Sealed {
                body,
                ..sealed.clone()
            };
            assert!(one.open(&changed, Kind::Reply, "a").is_err(), "{at}");
            bytes[at] ^= 1;
        }
        for body in ["", "AAAA", "?"] {
            let changed = Sealed {
                body: body.to_owned(),
                ..sealed.clone()
            };
            assert!(one.open(&changed, Kind::Reply, "a").is_err(), "{body}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_and_never_shown() {
        let long = format!("{ONE}0");
        let accented = format!("é{}", &ONE[2..]);
        for keys in [
            "",
            "canary",
            &ONE[1..],
            &long,
            &accented,
            &format!("{ONE},"),
        ] {
            let error = Seal::new(&keys.to_owned().into()).unwrap_err();
            assert_eq!(error.kind(), RestateErrorKind::Private);
            assert!(!error.to_string().contains("canary"), "{error}");
        }
        assert!(!format!("{:?}", seal(ONE)).contains(&ONE[..8]));
    }
}
