//! Mutants of every stack in the repository: files with a few bytes or values changed by chance. Whatever is in a file, a
//! run ends at once, tells what is wrong inside the files that it read, and gives output only where it told no error; what it
//! gives is read back as it was meant.
//!
//! A mutant is made by its number alone. What a failure prints is enough to make a case of it in `tests/checks` or beside
//! the rule, which is where a mended one belongs.

mod bytes;
mod trees;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use stackc::check::Demands;
use stackc::compile::{Compiled, compile};
use stackc::emit::File;
use stackc::finding::{Finding, Severity};
use stackc::report::{self, Style};
use stackc::source::{Sources, Span, read_input};
use stackc::yaml::Dialect;

use crate::hostile::{AT_ONCE, harmless};
use crate::placement::Tally;
use crate::random::{Random, long};
use crate::reader;
use crate::stack::{Folder, carried};
use crate::tools::ROOT;

/// All stacks of the repository, in memory.
struct Herd {
    /// Their folders, as in the repository.
    stacks: Vec<String>,
    /// Paths from the repository's root, and contents.
    files: Vec<(String, Vec<u8>)>,
}

impl Herd {
    fn gather() -> Herd {
        let mut files = Vec::new();
        for folder in ["stacks", "tests/stacks"] {
            collect(Path::new(folder), &mut files);
        }
        files.sort();
        let is_stack = |path: &String| Path::new(ROOT).join(path).join("stack.yaml").exists();
        Herd { stacks: carried().into_iter().filter(is_stack).collect(), files }
    }

    /// A copy of them all.
    fn folder(&self) -> Folder {
        self.files.iter().fold(Folder::new(), |folder, (path, content)| folder.with(path, content))
    }

    /// Files that a stack holds.
    fn of(&self, stack: &str) -> Vec<&(String, Vec<u8>)> {
        self.files.iter().filter(|(path, _)| path.starts_with(&format!("{stack}/"))).collect()
    }
}

fn collect(folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(Path::new(ROOT).join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            collect(&path, files);
        } else {
            files.push((path.to_str().unwrap().to_owned(), std::fs::read(entry.path()).unwrap()));
        }
    }
}

/// A file of a stack, changed.
#[derive(Clone, Debug)]
struct Mutant {
    stack: String,
    path: String,
    content: Vec<u8>,
}

fn compiled(stack: &Path) -> Compiled {
    let mut sources = Sources::default();
    let input = read_input(stack, &mut sources).unwrap();
    compile(sources, input, Demands::default())
}

/// Holds what must hold of every run, and tells whether it gave output.
fn judge(stack: &Path) -> bool {
    let run = compiled(stack);
    let told = run.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    assert!(run.errors >= told && (run.errors == 0) == (told == 0), "{} errors, {told} told", run.errors);
    for finding in &run.findings {
        inside(finding, &run.sources);
    }
    for width in [None, Some(40)] {
        harmless(&report::text(&run.findings, &run.sources, Style { color: false, width, lines: true }));
    }
    if run.errors == 0 {
        read_back(&run);
    }
    run.errors == 0
}

/// Each place is one in its file, at whole characters.
fn inside(finding: &Finding, sources: &Sources) {
    let holds = |span: Span| {
        let text = &sources.file(span.file).text;
        let place = sources.place(span);
        let (start, end) = (usize::try_from(span.start).unwrap(), usize::try_from(span.end).unwrap());
        text.get(start..end).is_some() && place.line <= text.split('\n').count()
    };
    let labels = std::iter::once(&finding.primary).chain(&finding.labels);
    assert!(labels.map(|label| label.span).all(holds), "a place is not in its file: {finding:?}");
    assert!(!finding.message.is_empty(), "{finding:?}");
}

/// The files hold the objects, one document each.
fn read_back(run: &Compiled) {
    let documents = |file: &File| {
        let text = file.text(&run.objects);
        reader::read(text.as_str(), Dialect::Manifest).unwrap_or_else(|codes| panic!("{codes:?}\n{text}"))
    };
    let read: Vec<_> = run.files.iter().flat_map(documents).map(|document| reader::json(&document)).collect();
    let meant: Vec<_> = run.objects.iter().map(|object| reader::json(&object.body)).collect();
    assert!(read == meant, "what is read back is not what was meant:\n{read:?}\n{meant:?}");
}

/// Makes the mutants of these numbers one by one and judges each; the thread that waits knows which one never ends.
fn hold(kind: &'static str, count: usize, make: impl Fn(&Herd, &mut Random) -> Mutant + Send + 'static) {
    let (send, receive) = mpsc::channel();
    let work = std::thread::spawn(move || {
        let herd = Herd::gather();
        let folder = herd.folder();
        for number in 0..u64::try_from(count).unwrap() {
            let mutant = make(&herd, &mut Random::new(number));
            let name = format!("{kind} {number}: {}", mutant.path);
            send.send(Event::Begun(name, mutant.clone())).unwrap();
            let start = Instant::now();
            let output = judged(&folder, &herd, &mutant);
            send.send(Event::Done(output, start.elapsed())).unwrap();
        }
    });
    let mut tally = Tally::default();
    let mut current = String::new();
    loop {
        match receive.recv_timeout(AT_ONCE * 10) {
            Ok(Event::Begun(name, mutant)) => current = show(&name, &mutant),
            Ok(Event::Done(Ok(output), took)) => {
                assert!(took < AT_ONCE, "{took:?} for {current}");
                tally.count(if output { "output" } else { "errors" });
            }
            Ok(Event::Done(Err(why), _)) => panic!("{why}\n{current}"),
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("never ends: {current}"),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    work.join().unwrap();
    // neither may be rare, or the test asks little
    tally.at_least("output", count / 20);
    tally.at_least("errors", count / 5);
}

enum Event {
    Begun(String, Mutant),
    Done(Result<bool, String>, Duration),
}

fn judged(folder: &Folder, herd: &Herd, mutant: &Mutant) -> Result<bool, String> {
    let stack: PathBuf = folder.at(&mutant.stack);
    folder.write(&mutant.path, &mutant.content);
    let result = catch_unwind(AssertUnwindSafe(|| judge(&stack)));
    let (_, original) = herd.files.iter().find(|(path, _)| *path == mutant.path).unwrap();
    folder.write(&mutant.path, original);
    result.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    })
}

fn show(name: &str, mutant: &Mutant) -> String {
    match std::str::from_utf8(&mutant.content) {
        Ok(text) => format!("{name}\n{text}\n{text:?}"),
        Err(_) => format!("{name}\n{}", mutant.content.escape_ascii()),
    }
}

#[test]
fn bytes_changed_by_chance() {
    hold("bytes", long(600, 20_000), |herd, random| {
        let stack = random.of(&herd.stacks).clone();
        let (path, content) = *random.of(&herd.of(&stack));
        let mut content = content.clone();
        for _ in 0..=random.below(3) {
            bytes::edit(&mut content, herd, random);
        }
        Mutant { path: path.clone(), content, stack }
    });
}

#[test]
fn values_changed_by_chance() {
    let pool = trees::Pool::gather(&Herd::gather());
    hold("trees", long(600, 20_000), move |herd, random| {
        let stack = random.of(&herd.stacks).clone();
        let yaml: Vec<_> = herd.of(&stack).into_iter().filter(|(path, _)| trees::is_yaml(path)).collect();
        let (path, content) = *random.of(&yaml);
        let mut documents = trees::read(path, content);
        for _ in 0..=random.below(3) {
            trees::edit(&mut documents, &pool, random);
        }
        Mutant { path: path.clone(), content: trees::write(&documents).into_bytes(), stack }
    });
}

#[test]
fn unchanged_trees_compile_to_the_same() {
    let herd = Herd::gather();
    let folder = herd.folder();
    let texts = |run: Compiled| -> Vec<String> {
        assert_eq!(run.errors, 0, "{:?}", run.findings);
        run.files.iter().map(|file| file.text(&run.objects)).collect()
    };
    let built = |folder: &Folder| -> Vec<_> {
        herd.stacks.iter().map(|stack| texts(compiled(&folder.at(stack)))).collect()
    };
    let before = built(&folder);
    for (path, content) in herd.files.iter().filter(|(path, _)| trees::is_yaml(path)) {
        folder.write(path, trees::write(&trees::read(path, content)));
    }
    let after = built(&folder);
    for (before, after) in before.iter().flatten().zip(after.iter().flatten()) {
        assert_eq!(before, after);
    }
    assert!(before == after);
    assert!(before.iter().all(|files| !files.is_empty()));
}
