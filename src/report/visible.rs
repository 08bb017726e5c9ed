//! Text that is not to be seen as what it is: characters that move the cursor, turn a line around or hide, and lines that
//! the runner of a GitHub workflow takes for commands.

/// Whether a character controls a terminal, the direction of text or the end of a line.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// What is shown instead of it: a picture of its name where there is one.
pub(super) fn stand_in(c: char) -> char {
    match c {
        '\0'..='\u{1f}' => char::from_u32(u32::from(c).saturating_add(0x2400)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        c if is_hidden(c) => '\u{fffd}',
        c => c,
    }
}

/// Lines of which none is a command: the runner looks behind the blanks of each line that a program prints.
pub(super) fn no_commands(text: &str) -> String {
    let line = |line: &str| {
        let is_command = ["::", "##["].iter().any(|mark| line.trim_start().starts_with(mark));
        format!("{}{line}", if is_command { "\\" } else { "" })
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}
