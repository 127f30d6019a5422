//! Puts JSON into a page so that nothing in it can end the element that it is in.
//!
//! In a data block the browser looks for `</script` and `<!--` only; without `<` there is neither. `>`
//! and `&` go too, so that the same text is safe in other places, and what hides or reorders text, for
//! who reads the source of the page.

use crate::html::is_unseen;

/// Returns JSON text with everything that a browser could take for markup as JSON escapes.
pub(crate) fn embeddable(json: &str) -> String {
    let mut safe = String::with_capacity(json.len() + json.len() / 16);
    let mut units = [0; 2];
    for it in json.chars() {
        if matches!(it, '<' | '>' | '&') || is_unseen(it) {
            for unit in it.encode_utf16(&mut units) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(it);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_ends_the_element() {
        let hostile = r#"["</script><script>alert(1)</script>","<!--","&lt;",""]"#;
        let safe = embeddable(hostile);
        assert!(!safe.contains(['<', '>', '&']), "{safe}");
        assert!(safe.contains("\\u003c/script\\u003e"), "{safe}");
    }

    proptest! {
        #[test]
        fn the_value_stays_the_same(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let read: String = serde_json::from_str(&embeddable(&json)).unwrap();
            prop_assert_eq!(read, text);
        }
    }
}
