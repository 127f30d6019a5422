//! The encodings that a text may have.

use std::fmt;
use std::str::FromStr;

/// An encoding, by one of its names, such as `windows-1252`, `latin1` or `shift_jis`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextEncoding(pub(crate) &'static encoding_rs::Encoding);

/// The name of no encoding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no encoding that is known, as utf-8, windows-1252, iso-8859-2, shift_jis and gbk are; iconv makes UTF-8 of others"
)]
pub struct UnknownEncoding(String);

impl fmt::Display for TextEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl FromStr for TextEncoding {
    type Err = UnknownEncoding;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownEncoding(name.to_owned());
        let label = |it: &str| encoding_rs::Encoding::for_label_no_replacement(it.as_bytes());
        let found = label(name).or_else(|| label(&also_called(name)));
        found.map(Self).ok_or_else(unknown)
    }
}

/// Returns the name in the standard of the web of what Python, iconv and Windows call otherwise.
fn also_called(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase().replace('_', "-");
    let label = match name.as_str() {
        "cp932" => "shift_jis",
        "cp936" => "gbk",
        "cp949" => "euc-kr",
        "cp950" => "big5",
        "cp874" => "windows-874",
        "cp65001" => "utf-8",
        "mac-roman" | "macroman" => "macintosh",
        name => return name.replace("latin-", "latin").replace("utf-16-", "utf-16"),
    };
    label.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_known_by_what_programs_call_them() {
        for (name, expected) in [
            ("latin-1", "windows-1252"),
            ("Latin_2", "ISO-8859-2"),
            ("cp932", "Shift_JIS"),
            ("Shift_JIS", "Shift_JIS"),
            ("euc_kr", "EUC-KR"),
            ("cp1252", "windows-1252"),
            ("mac-roman", "macintosh"),
            ("utf_16_le", "UTF-16LE"),
        ] {
            let found = name.parse::<TextEncoding>().map(|it| it.to_string());
            assert_eq!(found.as_deref(), Ok(expected), "{name}");
        }
        assert!("latin-99".parse::<TextEncoding>().is_err());
    }
}
