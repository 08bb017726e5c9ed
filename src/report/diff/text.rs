//! For a terminal.

use super::{Compared, LINES, file, mark, one_line, sign, turn};
use crate::diff::{Change, Edit, Kind, Seen, Sign, Verdict};
use crate::report::text::Style;

/// Characters of one value that are shown.
const LONGEST: usize = 300;
/// Stands for a value that is not there.
const ABSENT: &str = "(none)";
/// Characters up to which both values stand on the field's line.
const BESIDE: usize = 80;

const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const BOLD: &str = "1";
const DIM: &str = "2";

/// All changes: first what to look at twice, then object by object.
pub fn diff(compared: &Compared<'_>, style: Style) -> String {
    let pen = Pen { color: style.color, text: String::new() };
    let mut page = Page { compared, pen };
    page.security();
    page.fates();
    for change in &compared.diff.changes {
        page.change(change);
    }
    page.end();
    page.pen.text
}

struct Pen {
    color: bool,
    text: String,
}

impl Pen {
    fn ink(&mut self, ink: &str, text: &str) {
        let text = one_line(text);
        if self.color && !ink.is_empty() {
            self.text.push_str(&format!("\u{1b}[{ink}m{text}\u{1b}[0m"));
        } else {
            self.text.push_str(&text);
        }
    }

    fn plain(&mut self, text: &str) {
        self.ink("", text);
    }

    fn signed(&mut self, indent: usize, sign: char, text: &str) {
        let ink = match sign {
            '+' => GREEN,
            '-' => RED,
            '~' | '>' => YELLOW,
            _ => "",
        };
        self.text.push_str(&" ".repeat(indent));
        self.ink(ink, format!("{sign} {}", short(text)).trim_end());
    }

    fn end(&mut self) {
        self.text.push('\n');
    }
}

struct Page<'a> {
    compared: &'a Compared<'a>,
    pen: Pen,
}

impl Page<'_> {
    fn title(&mut self, title: &str) {
        self.pen.ink(BOLD, title);
        self.pen.end();
    }

    fn place(&mut self, span: Option<crate::source::Span>) {
        if let Some(place) = self.compared.place(span) {
            self.pen.ink(DIM, &format!("  {place}"));
        }
        self.pen.end();
    }

    fn security(&mut self) {
        let mut calls = self.compared.calls().peekable();
        if calls.peek().is_none() {
            return;
        }
        self.title("security");
        for (change, call) in calls {
            self.pen.signed(2, turn(call.turn), &format!("{}: {}: {}", call.topic, change.id, call.text));
            self.place(call.place);
        }
        self.pen.end();
    }

    fn fates(&mut self) {
        let fates = self.compared.fates();
        if fates.is_empty() {
            return;
        }
        self.title("look twice");
        for (change, fate) in fates {
            let field = fate.path.as_ref().map(|path| format!(" {path}")).unwrap_or_default();
            let ink = if matches!(fate.verdict, Verdict::Kept) { DIM } else { RED };
            self.pen.plain("  ");
            self.pen.ink(ink, fate.verdict.word());
            self.pen.plain(&format!(": {}{field}", change.id));
            self.pen.end();
            self.pen.plain(&format!("      {}", fate.why));
            self.pen.end();
            if let Some(way_out) = &fate.way_out {
                self.pen.plain(&format!("      help: {way_out}"));
                self.pen.end();
            }
        }
        self.pen.end();
    }

    fn change(&mut self, change: &Change) {
        self.pen.signed(0, sign(change.kind), &format!("{} ({})", change.id, file(change)));
        match change.fates.first().filter(|_| change.kind == Kind::Removed) {
            Some(fate) => {
                self.pen.plain(&format!(": {}", fate.verdict.word()));
                self.pen.end();
            }
            None => self.place(change.place.filter(|_| change.kind == Kind::Added)),
        }
        for edit in &change.edits {
            self.edit(edit);
        }
    }

    fn edit(&mut self, edit: &Edit) {
        let field = |page: &mut Self, rest: &str| {
            page.pen.plain("    ");
            page.pen.plain(&short(&edit.path));
            page.pen.plain(rest);
        };
        match &edit.seen {
            Seen::Value(old, new) if length(old.as_ref()) + length(new.as_ref()) <= BESIDE => {
                field(self, ": ");
                self.pen.ink(RED, old.as_deref().unwrap_or(ABSENT));
                self.pen.plain(" -> ");
                self.pen.ink(GREEN, new.as_deref().unwrap_or(ABSENT));
                self.place(edit.place);
            }
            Seen::Value(old, new) => {
                field(self, ":");
                self.place(edit.place);
                for (sign, value) in [('-', old), ('+', new)] {
                    if let Some(value) = value {
                        self.pen.signed(6, sign, value);
                        self.pen.end();
                    }
                }
            }
            Seen::Order(labels) => {
                field(self, &format!(": now in the order {}", short(&labels.join(", "))));
                self.place(edit.place);
            }
            Seen::Hidden => {
                field(self, ": changed (not shown)");
                self.place(edit.place);
            }
            Seen::Lines(lines) => {
                if !edit.path.is_empty() {
                    field(self, ":");
                    self.place(edit.place);
                }
                for line in lines.iter().take(LINES) {
                    let text = if line.sign == Sign::Gap { "…" } else { &line.text };
                    self.pen.signed(6, mark(line.sign), text);
                    self.pen.end();
                }
                if let Some(more) = lines.len().checked_sub(LINES).filter(|more| *more > 0) {
                    self.pen.plain(&format!("      … {more} more lines: --format json has them all"));
                    self.pen.end();
                }
            }
        }
    }

    fn end(&mut self) {
        if !self.compared.diff.changes.is_empty() {
            self.pen.end();
        }
        for remark in self.compared.remarks {
            self.pen.plain(remark);
            self.pen.end();
        }
        let Compared { stack, against, .. } = self.compared;
        self.pen.plain(&format!("{stack} against {against}: {}", self.compared.counts()));
        self.pen.end();
    }
}

fn length(value: Option<&String>) -> usize {
    value.map_or(0, |value| value.chars().count())
}

fn short(text: &str) -> String {
    let length = text.chars().count();
    if length <= LONGEST {
        return text.to_owned();
    }
    let shown: String = text.chars().take(LONGEST).collect();
    format!("{shown}… ({length} characters)")
}
