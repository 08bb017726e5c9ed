//! What shall be: a stack that is compiled here, or a stream that a build elsewhere has printed.

use std::path::PathBuf;

use super::files::Files;
use super::{Arguments, failed};
use crate::check::Demands;
use crate::cli::show::{self, Stream};
use crate::cli::{Color, Format, Trouble, stream, target};
use crate::compile::Compiled;
use crate::diff::Side;
use crate::k3s::Release;
use crate::source::Sources;

/// The new side.
pub(super) struct After {
    /// The stack's name.
    pub(super) stack: String,
    /// What the cluster runs.
    pub(super) release: Release,
    /// Whether nobody told the release.
    pub(super) is_guessed: bool,
    /// The stack's folder; none for a stream.
    pub(super) path: Option<PathBuf>,
    /// All files: name and text.
    pub(super) files: Vec<(String, String)>,
    made: Made,
}

enum Made {
    Run(Box<Compiled>),
    Files(Box<Files>),
}

impl After {
    /// None if it could not be compiled, which was shown.
    pub(super) fn of(arguments: &Arguments, color: Color) -> Result<Option<After>, Trouble> {
        match &arguments.from {
            Some(from) => After::stream(stream::read(from)?, arguments.k3s.as_deref(), color),
            None => After::compiled(arguments, color),
        }
    }

    fn compiled(arguments: &Arguments, color: Color) -> Result<Option<After>, Trouble> {
        let path = target::one(arguments.path.as_deref())?;
        let run = target::compiled(&path, Demands { locked: arguments.locked, ..Demands::default() })?;
        let runs = [run];
        let after = format!("{}\nthe stack could not be compiled\n", show::totals(&runs));
        let [run] = &runs;
        let Some(stack) = run.stack.as_ref().filter(|_| run.errors == 0) else {
            show::findings(&runs, Format::Text, color, Stream::Err, &after)?;
            return Ok(None);
        };
        let (stack, release) = (stack.name.value.clone(), stack.release);
        let files = run.files.iter().map(|file| (file.name.clone(), file.text(&run.objects))).collect();
        let [run] = runs;
        let made = Made::Run(Box::new(run));
        Ok(Some(After { stack, release, is_guessed: false, path: Some(path), files, made }))
    }

    fn stream(
        stream: crate::install::Stream,
        k3s: Option<&str>,
        color: Color,
    ) -> Result<Option<After>, Trouble> {
        let release = stream::release(k3s)?;
        let crate::install::Stream { stack, files } = stream;
        let read = Files::read("the stream", files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        if read.errors > 0 {
            failed("the stream", &read.findings, &read.sources, read.errors, color)?;
            return Ok(None);
        }
        let made = Made::Files(Box::new(read));
        Ok(Some(After { stack, release, is_guessed: k3s.is_none(), path: None, files, made }))
    }

    /// The objects.
    pub(super) fn side(&self) -> Side<'_> {
        match &self.made {
            Made::Run(run) => Side::of(run),
            Made::Files(files) => files.side(),
        }
    }

    /// Where places point.
    pub(super) fn sources(&self) -> &Sources {
        match &self.made {
            Made::Run(run) => &run.sources,
            Made::Files(files) => &files.sources,
        }
    }
}
