//! Signs of the fonts Symbol and Wingdings, which Word writes as numbers.

/// Returns whether a font has signs in the place of letters.
pub(crate) fn has_signs(font: &str) -> bool {
    let font = font.to_ascii_lowercase();
    font.starts_with("wingdings") || font.starts_with("symbol")
}

/// Returns the sign that a number stands for in a font.
pub(crate) fn symbol(font: &str, number: u32) -> char {
    // The lower half of the private use area mirrors the font.
    let number = match number {
        0xf000..=0xf0ff => number - 0xf000,
        other => other,
    };
    let font = font.to_ascii_lowercase();
    let found = if font.starts_with("wingdings") {
        wingdings(number)
    } else if font.starts_with("symbol") {
        greek(number)
    } else {
        char::from_u32(number).filter(|it| !it.is_control())
    };
    found.unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn greek(number: u32) -> Option<char> {
    const SMALL: [char; 26] = [
        'α', 'β', 'χ', 'δ', 'ε', 'φ', 'γ', 'η', 'ι', 'ϕ', 'κ', 'λ', 'μ', 'ν', 'ο', 'π', 'θ', 'ρ',
        'σ', 'τ', 'υ', 'ϖ', 'ω', 'ξ', 'ψ', 'ζ',
    ];
    const LARGE: [char; 26] = [
        'Α', 'Β', 'Χ', 'Δ', 'Ε', 'Φ', 'Γ', 'Η', 'Ι', 'ϑ', 'Κ', 'Λ', 'Μ', 'Ν', 'Ο', 'Π', 'Θ', 'Ρ',
        'Σ', 'Τ', 'Υ', 'ς', 'Ω', 'Ξ', 'Ψ', 'Ζ',
    ];
    let at = |letters: &[char; 26], from: u32| letters.get((number - from) as usize).copied();
    match number {
        0x61..=0x7a => at(&SMALL, 0x61),
        0x41..=0x5a => at(&LARGE, 0x41),
        0x20..=0x7e => char::from_u32(number),
        0xa3 => Some('≤'),
        0xa5 => Some('∞'),
        0xab => Some('↔'),
        0xac => Some('←'),
        0xad => Some('↑'),
        0xae => Some('→'),
        0xaf => Some('↓'),
        0xb0 => Some('°'),
        0xb1 => Some('±'),
        0xb3 => Some('≥'),
        0xb4 => Some('×'),
        0xb5 => Some('∝'),
        0xb6 => Some('∂'),
        0xb7 => Some('•'),
        0xb8 => Some('÷'),
        0xb9 => Some('≠'),
        0xba => Some('≡'),
        0xbb => Some('≈'),
        0xbc => Some('…'),
        0xce => Some('∈'),
        0xd6 => Some('√'),
        0xd7 => Some('⋅'),
        0xde => Some('⇒'),
        0xe5 => Some('∑'),
        0xf2 => Some('∫'),
        _ => None,
    }
}

fn wingdings(number: u32) -> Option<char> {
    match number {
        0x6c => Some('●'),
        0x6e => Some('■'),
        0x6f | 0x71 | 0x72 | 0xa8 => Some('☐'),
        0x9f | 0xa7 => Some('▪'),
        0xd8 => Some('➢'),
        0xdf => Some('←'),
        0xe0 => Some('→'),
        0xfb => Some('✗'),
        0xfc => Some('✓'),
        0xfd => Some('☒'),
        0xfe => Some('☑'),
        _ => None,
    }
}
