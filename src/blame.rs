//! Which change makes a finding: the one without which it is not told.
//!
//! An overlay may make wrong what its base says rightly: it drops a node that the base places an app on, or asks for
//! another release. What is wrong then is found at the base's line, but the line to mend is the overlay's. So the stack is
//! compiled once more without what lies over it; what is no longer told is looked for in halves, and the change of which it
//! hangs becomes the finding's place. What is told without the changes too is the base's own, and stays where it is.
//!
//! In: findings, changes (`stack::changes`), and a way to compile without some of them. Out: the same findings, some at
//! other places. No rule knows of this: it holds for all that there are, and for those to come.
//!
//! What must hold: without the marked change, or without it and others that are not enough alone, the finding is not told,
//! and no error that was not told before; what the base tells too stays where it is.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::check;
use crate::finding::{Finding, Findings, Label, Severity};
use crate::source::{FileId, Sources, Span};
use crate::stack::changes::{Change, Does};

/// What tells a finding from others in runs that differ: its code and its place, not its words, which may name what an
/// overlay has changed.
type Key = (&'static str, String, u32);

fn key(finding: &Finding, sources: &Sources) -> Key {
    let Span { file, start, .. } = finding.primary.span;
    (finding.code.name, sources.file(file).path.clone(), start)
}

/// What a run told.
pub struct Told {
    all: BTreeSet<Key>,
    /// Errors of which others may be hidden.
    errors: BTreeSet<Key>,
    /// Whether there was more than a run keeps: then nobody knows what it did not tell.
    cut: bool,
    /// Paths of the files that it read.
    files: BTreeSet<String>,
}

impl Told {
    /// Of all that it found.
    pub fn of(found: &Findings, sources: &Sources) -> Told {
        let of = |kind: &dyn Fn(&Finding) -> bool| {
            found.iter().filter(|finding| kind(finding)).map(|finding| key(finding, sources)).collect()
        };
        // What is wrong with final objects hides nothing.
        let hides =
            |finding: &Finding| finding.severity == Severity::Error && !check::CODES.contains(&finding.code);
        let errors = of(&hides);
        let files = sources.paths().map(str::to_owned).collect();
        Told { all: of(&|_| true), errors, cut: found.dropped() > 0, files }
    }

    fn tells(&self, key: &Key) -> bool {
        self.cut || self.all.contains(key)
    }
}

/// What is known of the stack.
pub struct Ground<'a> {
    /// Its files.
    pub sources: &'a Sources,
    /// All that lies over it, the topmost layer's first.
    pub changes: &'a [Change],
    /// Apps by their files.
    pub apps: BTreeMap<FileId, String>,
    /// How often it may be compiled.
    pub runs: usize,
}

/// Points findings at the changes that make them. `without` compiles without some changes.
pub fn point(
    all: Vec<Finding>,
    told: &Told,
    ground: &Ground<'_>,
    without: &mut dyn FnMut(&[Change]) -> Told,
) -> Vec<Finding> {
    // What is said of a secret stays at the place that no report shows.
    let seen = all.iter().filter(|finding| !finding.secret);
    let findings = seen.map(|finding| (key(finding, ground.sources), finding)).collect();
    let mut search = Search { told, findings, ground, without, runs: ground.runs, causes: BTreeMap::new() };
    search.layers();
    let causes = search.causes;
    let mut pointed: Vec<Finding> = Vec::with_capacity(all.len());
    for finding in all {
        match causes.get(&key(&finding, ground.sources)) {
            Some(change) if !finding.secret => join(&mut pointed, moved(finding, change, ground)),
            _ => pointed.push(finding),
        }
    }
    pointed.into_iter().map(shortened).collect()
}

/// Places that one finding shows.
const SHOWN: usize = 8;

/// All places of a mistake that a thousand apps feel would be a book.
fn shortened(mut finding: Finding) -> Finding {
    let more = finding.labels.len().saturating_sub(SHOWN);
    if more == 0 {
        return finding;
    }
    finding.labels.truncate(SHOWN);
    finding.note(format!("and {more} more places"))
}

impl Ground<'_> {
    /// The layer that says something there, if one does.
    fn layer(&self, place: Span) -> Option<usize> {
        self.changes.iter().find(|change| change.section.holds(place)).map(|change| change.layer)
    }

    /// Whether a layer says something in a file.
    fn describes(&self, layer: &[Change], path: &str) -> bool {
        let said = layer.iter().filter(|change| change.does != Does::Add);
        said.map(|change| &self.sources.file(change.mark.file).path).any(|file| file == path)
    }
}

/// The search for causes.
struct Search<'a> {
    /// By the whole stack.
    told: &'a Told,
    findings: BTreeMap<Key, &'a Finding>,
    ground: &'a Ground<'a>,
    without: &'a mut dyn FnMut(&[Change]) -> Told,
    /// How often it may still be called.
    runs: usize,
    causes: BTreeMap<Key, Change>,
}

impl Search<'_> {
    /// One layer is taken off after the other. What stands in a change may be made by the layers above it.
    fn layers(&mut self) {
        let ground = self.ground;
        let own = |(key, finding): (&Key, &&Finding)| (key.clone(), ground.layer(finding.primary.span));
        let mut open: BTreeMap<Key, Option<usize>> = self.findings.iter().map(own).collect();
        let mut off: Vec<Change> = Vec::new();
        for changes in ground.changes.chunk_by(|one, next| one.layer == next.layer) {
            let layer = changes.first().map(|change| change.layer);
            open.retain(|_, own| *own < layer);
            if open.is_empty() {
                return;
            }
            let Some(base) = self.run(&[changes, &off].concat()) else { return };
            let gone: Vec<Key> = open.keys().filter(|key| !base.tells(key)).cloned().collect();
            open.retain(|key, _| base.tells(key));
            // What stands in a file that only these changes bring in is theirs.
            let keys = gone
                .into_iter()
                .filter(|(_, path, _)| base.files.contains(path) || ground.describes(changes, path));
            self.halve(keys.collect(), changes, &off, &base);
            off.extend(changes);
        }
    }

    /// None of `keys` is told without `group` and `beside`; which of `group` makes each? A change is none where another
    /// error is told without it, for that may hide the finding.
    fn halve(&mut self, mut keys: BTreeSet<Key>, group: &[Change], beside: &[Change], without: &Told) {
        if let [change] = group {
            if without.errors.is_subset(&self.told.errors) {
                self.causes.extend(keys.into_iter().map(|key| (key, *change)));
            }
            return;
        }
        let (first, second) = group.split_at(group.len() / 2);
        for half in [first, second] {
            if keys.is_empty() || half.is_empty() {
                return;
            }
            let Some(told) = self.run(&[half, beside].concat()) else { return };
            let mended: BTreeSet<Key> = keys.iter().filter(|key| !told.tells(key)).cloned().collect();
            self.halve(mended, half, beside, &told);
            keys.retain(|key| !self.causes.contains_key(key));
        }
        // It takes some of both halves to mend the rest. The one that is spoken of is marked.
        let (theirs, ours) = keys.into_iter().partition(|key| self.speaks_of(key, second));
        for (keys, half, other) in [(ours, first, second), (theirs, second, first)] {
            if !BTreeSet::is_empty(&keys) {
                self.halve(keys, half, &[other, beside].concat(), without);
            }
        }
    }

    /// Whether a finding's message quotes one of the changes.
    fn speaks_of(&self, key: &Key, changes: &[Change]) -> bool {
        let message = self.findings.get(key).map_or("", |finding| &finding.message);
        let quoted = |change: &Change| {
            let text = self.ground.sources.text(change.mark);
            !text.is_empty() && message.contains(text)
        };
        changes.iter().any(quoted)
    }

    fn run(&mut self, undone: &[Change]) -> Option<Told> {
        self.runs = self.runs.checked_sub(1)?;
        Some((self.without)(undone))
    }
}

/// The finding at the change's line, its former place beside it.
fn moved(mut finding: Finding, change: &Change, ground: &Ground<'_>) -> Finding {
    let known = finding.labels.iter().position(|label| change.whole.holds(label.span));
    let marked = match known {
        Some(at) => finding.labels.remove(at),
        None => Label { span: change.mark, text: said(change).into() },
    };
    let mut former = std::mem::replace(&mut finding.primary, marked);
    let elsewhere = former.span.file != change.mark.file;
    if former.text.is_empty() {
        former.text =
            if change.does == Does::Remove { "it is missed here" } else { "and so this is wrong" }.into();
    }
    let app = ground.apps.get(&former.span.file);
    // In an overlay's own file it stood where the file begins, for want of a better place.
    if elsewhere || !change.overlay {
        finding.labels.insert(0, former);
    }
    if known.is_some() || !change.overlay {
        return finding;
    }
    finding.help(match app {
        Some(app) => format!("leave this out, or let the overlay change the app too: apps: {{{app}: {{…}}}}"),
        None if elsewhere => "leave this out, or let the overlay change the other line too".to_owned(),
        None => "leave this out".to_owned(),
    })
}

fn said(change: &Change) -> &'static str {
    match change.does {
        Does::Remove if change.overlay => "the overlay removes it",
        Does::Say if change.overlay => "the overlay says so",
        Does::Add => "the overlay adds this file",
        Does::Remove | Does::Say => "this changes it",
    }
}

/// One change makes the same wrong in many places: one finding, all its places.
fn join(all: &mut Vec<Finding>, finding: Finding) {
    let twin = all.iter_mut().find(|other| {
        other.code == finding.code
            && other.primary == finding.primary
            && other.message == finding.message
            && other.severity == finding.severity
    });
    match twin {
        Some(twin) => {
            let new = finding.labels.into_iter().filter(|label| !twin.labels.contains(label));
            let new: Vec<Label> = new.collect();
            twin.labels.extend(new);
        }
        None => all.push(finding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Code, Page};

    static CODE: Code =
        Code { name: "wrong", severity: Severity::Error, page: Page { about: "", bad: "", good: "" } };

    /// Ten bytes of the base, and a change at each letter of `top`, `mid`; in what follows a change is named by its letter.
    struct Trial {
        sources: Sources,
        base: FileId,
        changes: Vec<Change>,
    }

    impl Trial {
        fn new(top: &str, mid: &str) -> Trial {
            let mut sources = Sources::default();
            let base = sources.add("base.yaml".into(), Ok(b"0123456789".to_vec()));
            let mut changes = Vec::new();
            for (layer, text) in [(2, top), (1, mid)] {
                let file = sources.add(format!("{layer}.yaml"), Ok(text.into()));
                changes.extend((0..text.len()).map(|at| {
                    let mark = file.part(at, at + 1);
                    let does =
                        if text.as_bytes()[at].is_ascii_uppercase() { Does::Remove } else { Does::Say };
                    Change { does, mark, whole: mark, section: mark, layer, overlay: true }
                }));
            }
            Trial { sources, base, changes }
        }

        /// Where a letter or digit stands.
        fn place(&self, at: char) -> Span {
            match "0123456789".find(at) {
                Some(digit) => self.base.part(digit, digit + 1),
                None => self
                    .changes
                    .iter()
                    .map(|change| change.mark)
                    .find(|mark| self.letter(*mark) == at)
                    .unwrap(),
            }
        }

        fn letter(&self, mark: Span) -> char {
            self.sources.text(mark).chars().next().unwrap()
        }

        /// What a run without some letters tells: `wrong` says which findings (`place: message`) those are.
        fn told(&self, wrong: &dyn Fn(&str) -> Vec<&'static str>, undone: &str) -> Findings {
            let mut found = Findings::default();
            for said in wrong(undone) {
                let place = self.place(said.chars().next().unwrap());
                found.push(Finding::new(&CODE, place, said.split_once(": ").unwrap().1));
            }
            found
        }

        /// Where findings stand in the end, with their other places behind them; and the runs that it took.
        fn pointed(&self, runs: usize, wrong: &dyn Fn(&str) -> Vec<&'static str>) -> (Vec<String>, usize) {
            let ground =
                Ground { sources: &self.sources, changes: &self.changes, apps: BTreeMap::new(), runs };
            let mut found = self.told(wrong, "");
            let told = Told::of(&found, &self.sources);
            let mut count = 0;
            let mut without = |undone: &[Change]| {
                count += 1;
                let letters: String = undone.iter().map(|change| self.letter(change.mark)).collect();
                Told::of(&self.told(wrong, &letters), &self.sources)
            };
            found.retell(|all| point(all, &told, &ground, &mut without));
            let places = found.iter().map(|finding| {
                let labels = finding.labels.iter().map(|label| self.letter(label.span));
                std::iter::once(self.letter(finding.primary.span)).chain(labels).collect()
            });
            (places.collect(), count)
        }
    }

    /// Told while the change is there.
    fn made(by: char, undone: &str, says: &'static str) -> Option<&'static str> {
        (!undone.contains(by)).then_some(says)
    }

    #[test]
    fn each_stands_at_the_change_that_makes_it() {
        let trial = Trial::new("abCdefgh", "");
        let wrong = |undone: &str| {
            let told = [made('b', undone, "1: x"), made('C', undone, "2: y"), made('C', undone, "5: y")];
            told.into_iter().chain([Some("3: the base's"), Some("d: the overlay's")]).flatten().collect()
        };
        let (places, runs) = trial.pointed(99, &wrong);
        assert_eq!(places, ["b1", "C25", "3", "d"]);
        assert!(runs <= 9, "{runs}");
    }

    #[test]
    fn another_error_may_hide_it() {
        let trial = Trial::new("abcd", "");
        // Without `b` an error comes up that hides what `d` makes.
        let wrong = |undone: &str| {
            let hides = made('a', undone, "9: hides").filter(|_| undone.contains('b'));
            hides.or(made('d', undone, "1: x")).into_iter().collect()
        };
        assert_eq!(trial.pointed(99, &wrong).0, ["d1"]);
    }

    #[test]
    fn of_two_that_make_it_the_one_that_is_spoken_of() {
        let trial = Trial::new("abcd", "");
        for (says, expected) in [("1: not b", "b1"), ("1: not c", "c1"), ("1: …", "b1")] {
            let wrong =
                |undone: &str| made('b', undone, says).or(made('c', undone, says)).into_iter().collect();
            assert_eq!(trial.pointed(99, &wrong).0, [expected], "{says}");
        }
    }

    #[test]
    fn layer_by_layer() {
        let trial = Trial::new("ab", "cd");
        let wrong = |undone: &str| {
            // The middle one's own line is made wrong by the topmost, the base's by the middle one.
            [made('a', undone, "c: x"), made('d', undone, "1: y"), made('c', undone, "b: z")]
                .into_iter()
                .flatten()
                .collect()
        };
        assert_eq!(trial.pointed(99, &wrong).0, ["ac", "d1", "b"]);
    }

    #[test]
    fn where_too_little_is_known_it_stays() {
        let trial = Trial::new("abcdefgh", "");
        let wrong = |undone: &str| made('f', undone, "1: x").into_iter().collect();
        for runs in 0..5 {
            assert_eq!(trial.pointed(runs, &wrong), (vec!["1".to_owned()], runs));
        }
        assert_eq!(trial.pointed(7, &wrong).0, ["f1"]);
        // A run with more findings than it keeps.
        let wrong = |undone: &str| match undone {
            "" => vec!["1: x"],
            _ => std::iter::repeat_n("2: y", 1_001).collect(),
        };
        assert_eq!(trial.pointed(99, &wrong).0, ["1"]);
    }

    #[test]
    fn what_is_said_of_a_secret_stays_at_it() {
        let trial = Trial::new("a", "");
        let secret = vec![Finding::new(&CODE, trial.place('1'), "x").secret()];
        let mut found = Findings::default();
        secret.iter().cloned().for_each(|finding| found.push(finding));
        let told = Told::of(&found, &trial.sources);
        let ground =
            Ground { sources: &trial.sources, changes: &trial.changes, apps: BTreeMap::new(), runs: 9 };
        let pointed = point(secret, &told, &ground, &mut |_| Told::of(&Findings::default(), &trial.sources));
        assert_eq!(pointed[0].primary.span, trial.place('1'));
    }
}
