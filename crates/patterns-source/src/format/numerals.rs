//! Writes the numbers of lists in letters and in Roman numerals.

/// Returns a number in letters, as Word goes on behind Z: `AA`, `BB`.
pub(super) fn letters(number: u32) -> String {
    let at = number.saturating_sub(1);
    let letter = char::from_u32(u32::from('A') + at % 26).unwrap_or('A');
    letter.to_string().repeat((at / 26 + 1).min(9) as usize)
}

/// Returns a number in Roman numerals.
pub(super) fn roman(number: u32) -> String {
    const SIGNS: [(u32, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let mut left = number.min(9_999);
    let mut text = String::new();
    for (value, sign) in SIGNS {
        text += &sign.repeat((left / value) as usize);
        left %= value;
    }
    text
}
