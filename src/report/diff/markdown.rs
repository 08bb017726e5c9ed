//! For a comment on a pull request. All text from files stands in code: it is no link, mentions nobody, closes nothing.

use super::{Compared, LINES, file, mark, one_line, sign, turn};
use crate::diff::{Change, Edit, Kind, Seen, Sign};

/// Bytes of a comment. GitHub takes 65,536 characters.
const LONGEST: usize = 60_000;
/// Characters of one line.
const WIDEST: usize = 400;

/// All changes: first what to look at twice, then object by object, folded. What does not fit is counted.
pub fn diff(compared: &Compared<'_>) -> String {
    let Compared { stack, against, .. } = compared;
    let mut text =
        format!("### stackc: {} against {}\n\n{}\n", code(stack), code(against), compared.counts());
    for remark in compared.remarks {
        text.push_str(&format!("\n{}\n", code(remark)));
    }
    let mut left_out = 0_usize;
    for part in security(compared).into_iter().chain(fates(compared)) {
        left_out = left_out.saturating_add(put(&mut text, &part));
    }
    for change in &compared.diff.changes {
        left_out = left_out.saturating_add(put(&mut text, &object(change, compared)));
    }
    if left_out > 0 {
        text.push_str(&format!("\n**{left_out} more did not fit here**: look at `stackc diff`\n"));
    }
    text
}

/// Appends what fits; 1 if it did not.
fn put(text: &mut String, part: &str) -> usize {
    let fits = text.len().saturating_add(part.len()) <= LONGEST;
    if fits {
        text.push_str(part);
    }
    usize::from(!fits)
}

fn security(compared: &Compared<'_>) -> Vec<String> {
    let line = |(change, call): (&Change, &crate::diff::Call)| {
        let sentence = format!("{} {}: {}", turn(call.turn), change.id, call.text);
        format!("- **{}** {}{}\n", call.topic, code(&sentence), at(compared.place(call.place)))
    };
    titled("Security", compared.calls().map(line).collect())
}

fn fates(compared: &Compared<'_>) -> Vec<String> {
    let line = |(change, fate): (&Change, &crate::diff::Fate)| {
        let field = fate.path.as_ref().map(|path| format!(" {path}")).unwrap_or_default();
        let way_out = fate.way_out.as_ref().map(|way_out| format!("\n  help: {}", code(way_out)));
        format!(
            "- **{}** {}: {}{}\n",
            fate.verdict.word(),
            code(&format!("{}{field}", change.id)),
            code(&fate.why),
            way_out.unwrap_or_default()
        )
    };
    titled("Look twice", compared.fates().into_iter().map(line).collect())
}

fn titled(title: &str, mut lines: Vec<String>) -> Vec<String> {
    if let Some(first) = lines.first_mut() {
        *first = format!("\n**{title}**\n\n{first}");
    }
    lines
}

fn object(change: &Change, compared: &Compared<'_>) -> String {
    let fate = change.fates.first().filter(|_| change.kind == Kind::Removed);
    let fate = fate.map(|fate| format!(": {}", fate.verdict.word())).unwrap_or_default();
    let title = html(&format!("{} {} ({}){fate}", sign(change.kind), change.id, file(change)));
    if change.edits.is_empty() {
        return format!("\n<code>{title}</code>\n");
    }
    let lines: String = change.edits.iter().map(|edit| field(edit, compared)).collect();
    let fence = "`".repeat(longest_run(&lines).saturating_add(1).max(3));
    format!(
        "\n<details><summary><code>{title}</code></summary>\n\n{fence}diff\n{lines}{fence}\n\n</details>\n"
    )
}

fn field(edit: &Edit, compared: &Compared<'_>) -> String {
    let mut lines = String::new();
    if !edit.path.is_empty() {
        let place = compared.place(edit.place).map(|place| format!("  ({place})")).unwrap_or_default();
        lines.push_str(&line(' ', &format!("{}:{place}", edit.path)));
    }
    match &edit.seen {
        Seen::Value(old, new) => {
            for (sign, value) in [('-', old), ('+', new)] {
                lines.extend(value.as_ref().map(|value| line(sign, value)));
            }
        }
        Seen::Order(labels) => lines.push_str(&line('~', &format!("now in the order {}", labels.join(", ")))),
        Seen::Hidden => lines.push_str(&line('~', "changed (not shown)")),
        Seen::Lines(all) => {
            for one in all.iter().take(LINES) {
                let text = if one.sign == Sign::Gap { "…" } else { &one.text };
                lines.push_str(&line(mark(one.sign), text));
            }
            if let Some(more) = all.len().checked_sub(LINES).filter(|more| *more > 0) {
                lines.push_str(&line(' ', &format!("… {more} more lines")));
            }
        }
    }
    lines
}

fn line(sign: char, text: &str) -> String {
    let text = short(&one_line(text));
    format!("{}\n", format!("{sign} {text}").trim_end())
}

fn at(place: Option<String>) -> String {
    place.map(|place| format!(" ({})", code(&place))).unwrap_or_default()
}

/// A code span around any text.
fn code(text: &str) -> String {
    let text = short(&one_line(text));
    let fence = "`".repeat(longest_run(&text).saturating_add(1));
    // A backtick at its end would make the fence longer.
    let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

fn html(text: &str) -> String {
    one_line(&short(text)).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn short(text: &str) -> String {
    let length = text.chars().count();
    if length <= WIDEST {
        return text.to_owned();
    }
    let shown: String = text.chars().take(WIDEST).collect();
    format!("{shown}… ({length} characters)")
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{code, html, longest_run};

    #[test]
    fn nothing_leaves_its_place() {
        for (text, expected) in [
            ("a", "`a`"),
            ("Host(`a`)", "``Host(`a`)``"),
            ("``a", "``` ``a ```"),
            ("a\nb", "`a␊b`"),
            ("\u{1b}[2J@all", "`␛[2J@all`"),
        ] {
            assert_eq!(code(text), expected);
        }
        assert_eq!(html("</code><img src=x>&"), "&lt;/code&gt;&lt;img src=x&gt;&amp;");
        assert_eq!(longest_run("a`b```c``"), 3);
    }
}
