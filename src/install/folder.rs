//! The folder as it is.
#![expect(clippy::disallowed_methods, reason = "install alone reads the target folder")]

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, Metadata, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use super::record::{self, Record};
use super::write::is_staged;
use crate::k3s;
use crate::kube::digest::digest;

/// The largest file that is read (bytes). What the API server takes is far less.
const LARGEST: u64 = 64 * 1024 * 1024;

/// How often a run asks whether another has ended, and how long it waits in between: ten seconds in all.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);

/// Who may write a file beside its owner.
const OTHERS_WRITE: u32 = 0o022;
/// Whoever may write to a folder above may put another one in this one's place, unless only owners may rename there.
const ALL_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// What the machine did, or a folder that is not fit to be written to.
#[derive(Debug)]
pub enum Trouble {
    /// The system's words, and where.
    Io(PathBuf, io::Error),
    /// A sentence, with the way out.
    Unfit(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Trouble::Unfit(message) => f.write_str(message),
        }
    }
}

/// The system's words at a path.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Trouble {
    let path = path.to_owned();
    move |error| Trouble::Io(path, error)
}

/// A folder that k3s reads. While a run holds it, no second one does.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    real: String,
    handle: File,
}

/// What is in a folder, as far as a stack has to know.
#[derive(Debug)]
pub struct State {
    /// What lies in the places of the stack's files.
    pub files: BTreeMap<String, Found>,
    /// What the stack has put there.
    pub record: Record,
    /// The record's text, if there is one.
    pub(super) written: Option<String>,
    /// Files of other stacks in this folder, with their stack.
    pub others: BTreeMap<String, String>,
    /// Objects of other stacks in this folder, as `KIND/NAMESPACE/NAME`, with their file.
    pub others_made: BTreeMap<String, String>,
    /// Everything below the folder that k3s reads, by its path from there.
    pub read: Vec<String>,
    /// Base names that a `.skip` file makes k3s overlook.
    pub skipped: Vec<String>,
    /// Links to nothing: some releases of k3s then read no file at all (facts on k3s, 1.1).
    pub dangling: Vec<String>,
    /// What a run that was killed has left.
    pub(super) staged: Vec<PathBuf>,
}

/// What lies in a file's place.
#[derive(Debug)]
pub enum Found {
    /// A file.
    File {
        /// `sha256:…` of its bytes.
        hash: String,
        /// Its text, if it is text.
        text: Option<String>,
        /// Whether others may write it.
        open: bool,
    },
    /// A link, a folder, or what else is no file.
    Other(&'static str),
}

impl Found {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Found::File { text, .. } => text.as_deref(),
            Found::Other(_) => None,
        }
    }

    /// `sha256:…` of its bytes.
    pub fn hash(&self) -> &str {
        match self {
            Found::File { hash, .. } => hash,
            Found::Other(what) => what,
        }
    }
}

impl Folder {
    /// Opens a folder.
    ///
    /// # Errors
    /// It is none, or others could change what k3s runs as root.
    pub fn open(path: &Path) -> Result<Folder, Trouble> {
        let shown = path.display();
        let handle = File::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Trouble::Unfit(format!(
                "{shown}: no such folder; it is k3s' to make: run this on a k3s server, or name a folder: --to DIR"
            )),
            _ => Trouble::Io(path.to_owned(), error),
        })?;
        let meta = handle.metadata().map_err(at(path))?;
        if !meta.is_dir() {
            return Err(Trouble::Unfit(format!("{shown} is no folder")));
        }
        if !is_own(&meta) {
            return Err(Trouble::Unfit(format!("{shown} belongs to somebody else: sudo chown root {shown}")));
        }
        if meta.mode() & OTHERS_WRITE != 0 {
            return Err(Trouble::Unfit(format!(
                "others may write to {shown}, and so decide what k3s runs: chmod go-w {shown}"
            )));
        }
        let real = fs::canonicalize(path).map_err(at(path))?;
        for above in real.ancestors().skip(1) {
            let meta = fs::metadata(above).map_err(at(above))?;
            let anybody = meta.mode() & ALL_WRITE != 0 && meta.mode() & STICKY == 0;
            if anybody || !is_own(&meta) {
                let (who, above) = (if anybody { "anybody" } else { "another user" }, above.display());
                return Err(Trouble::Unfit(format!(
                    "{who} may write to {above}, and so put another folder in the place of {shown}: chown root {above}; \
                     chmod o-w {above}"
                )));
            }
        }
        Ok(Folder { path: path.to_owned(), real: real.display().to_string(), handle })
    }

    /// Its real path.
    pub fn real(&self) -> &str {
        &self.real
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps other runs out until this value is dropped. The system's lock on the folder itself: it leaves no file
    /// behind, and it ends with its process, however that ends.
    ///
    /// # Errors
    /// Another run does not end.
    pub fn lock(&self) -> Result<(), Trouble> {
        for _ in 0..TRIES {
            match self.handle.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) => sleep(PAUSE),
                Err(TryLockError::Error(error)) => return Err(at(&self.path)(error)),
            }
        }
        let shown = self.path.display();
        Err(Trouble::Unfit(format!(
            "another stackc install is at work in {shown}: try again when it has ended"
        )))
    }

    /// Reads what a stack has to know of the folder. `names` are the stack's files.
    ///
    /// # Errors
    /// The machine's, and a record that is none.
    pub fn state<'a>(&self, stack: &str, names: impl IntoIterator<Item = &'a str>) -> Result<State, Trouble> {
        let (written, record) = record(&self.path, stack)?;
        let mut files = BTreeMap::new();
        let names = names.into_iter().map(str::to_owned);
        for name in names.chain(record.files.keys().cloned()) {
            if let Some(found) = found(&self.path.join(&name))? {
                files.insert(name, found);
            }
        }
        let mut state = State {
            files,
            record,
            written,
            others: BTreeMap::new(),
            others_made: BTreeMap::new(),
            read: Vec::new(),
            skipped: Vec::new(),
            dangling: Vec::new(),
            staged: Vec::new(),
        };
        self.top(stack, &mut state)?;
        walk(&self.path, "", true, &mut state)?;
        Ok(state)
    }

    /// What lies directly in the folder: records of other stacks, and what was left.
    fn top(&self, stack: &str, state: &mut State) -> Result<(), Trouble> {
        for (name, path) in entries(&self.path)? {
            if is_staged(&name) {
                state.staged.push(path);
                continue;
            }
            let Some(other) = record::stack_of(&name).filter(|other| *other != stack) else { continue };
            // One that cannot be read names no files; its files are still not ours.
            let text = found(&path)?.and_then(|found| found.text().map(str::to_owned)).unwrap_or_default();
            let files = Record::parse(&text, other).map(|record| record.files).unwrap_or_default();
            for (name, owned) in files {
                let made = owned.objects.into_iter().map(|made| (made.object, name.clone()));
                state.others_made.extend(made);
                state.others.insert(name, other.to_owned());
            }
        }
        Ok(())
    }
}

/// Whether a file is root's or that of whoever runs this: k3s applies as root what lies in its folder.
fn is_own(meta: &Metadata) -> bool {
    let own = fs::metadata("/proc/self").map_or(meta.uid(), |own| own.uid());
    meta.uid() == 0 || meta.uid() == own
}

/// The record of a stack in a folder, as text and as read; an empty one if there is none.
///
/// # Errors
/// The machine's, and a record that is none, or that others may write.
pub fn record(folder: &Path, stack: &str) -> Result<(Option<String>, Record), Trouble> {
    let path = folder.join(record::file_name(stack));
    let shown = path.display();
    let text = match found(&path)? {
        None => return Ok((None, Record::new(stack))),
        Some(Found::File { text: Some(text), .. }) => text,
        Some(_) => {
            return Err(Trouble::Unfit(format!(
                "{shown} is no record of stackc but a link, a folder or no text: move it away"
            )));
        }
    };
    let meta = fs::symlink_metadata(&path).map_err(at(&path))?;
    if meta.mode() & OTHERS_WRITE != 0 || !is_own(&meta) {
        return Err(Trouble::Unfit(format!(
            "others may write to {shown}, and so decide what stackc changes: look at it, then chown root and chmod 600"
        )));
    }
    match Record::parse(&text, stack) {
        Ok(record) => Ok((Some(text), record)),
        Err(reason) => Err(Trouble::Unfit(format!(
            "{shown} cannot be read: {reason}\nmove it away; stackc install --yes then takes its files over anew"
        ))),
    }
}

/// What lies at a path; links are not followed.
fn found(path: &Path) -> Result<Option<Found>, Trouble> {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(path)(error)),
    };
    if meta.is_symlink() {
        return Ok(Some(Found::Other("a link")));
    }
    if meta.is_dir() {
        return Ok(Some(Found::Other("a folder")));
    }
    if !meta.is_file() {
        return Ok(Some(Found::Other("no regular file")));
    }
    if meta.len() > LARGEST {
        return Ok(Some(Found::Other("larger than anything that stackc writes")));
    }
    let bytes = fs::read(path).map_err(at(path))?;
    let open = meta.mode() & OTHERS_WRITE != 0;
    Ok(Some(Found::File { hash: digest(&bytes), text: String::from_utf8(bytes).ok(), open }))
}

/// Names and paths in a folder, in byte order. A name that is no text is none of ours, and to k3s no AddOn.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, Trouble> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let entry = entry.map_err(at(folder))?;
        all.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    all.sort();
    Ok(all)
}

/// As k3s walks: all depths, dot-folders too; a link to a folder is followed, links below it are not.
fn walk(folder: &Path, prefix: &str, follow: bool, state: &mut State) -> Result<(), Trouble> {
    for (name, path) in entries(folder)? {
        let link = path.is_symlink();
        let shown = format!("{prefix}{name}");
        if path.is_dir() {
            if follow || !link {
                walk(&path, &format!("{shown}/"), follow && !link, state)?;
            }
        } else if link && !path.exists() {
            state.dangling.push(shown);
        } else if let Some(skipped) = name.strip_suffix(".skip") {
            state.skipped.push(skipped.to_owned());
        } else if k3s::is_read(&name) {
            state.read.push(shown);
        }
    }
    Ok(())
}
