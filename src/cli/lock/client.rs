//! The registry client, with what this machine knows of logins, authorities and mirrors.
#![expect(clippy::disallowed_methods, reason = "cli knows the environment")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::Trouble;
use crate::fetch::{Client, Credentials, Options, Registries};
use crate::finding::Findings;
use crate::source::Sources;
use crate::yaml::{Dialect, read};

/// How registries are asked.
#[derive(Debug, Args)]
pub(in crate::cli) struct Network {
    /// Certificates (PEM) of an authority that is trusted besides the system's
    #[arg(long, value_name = "FILE")]
    ca: Vec<PathBuf>,
    /// A registry, HOST or HOST:PORT, that is asked over plain HTTP; this machine's own always are
    #[arg(long, value_name = "HOST")]
    plain_http: Vec<String>,
    /// k3s' registries.yaml: its mirrors are asked first. A mirror may hold older tags than the registry
    #[arg(long, value_name = "FILE")]
    registries: Option<PathBuf>,
}

/// A client that asks as this machine may.
pub(in crate::cli) fn client(network: &Network) -> Result<Client, Trouble> {
    let mut authorities = Vec::new();
    for path in &network.ca {
        authorities.extend(fs::read(path).map_err(|error| Trouble::io(path, &error))?);
        authorities.push(b'\n');
    }
    let registries = network.registries.as_deref().map(registries).transpose()?;
    let options = Options {
        credentials: credentials()?,
        registries: registries.unwrap_or_default(),
        authorities,
        plain: network.plain_http.iter().cloned().collect(),
        ..Options::default()
    };
    Client::new(options).map_err(Trouble::Told)
}

/// As docker finds them: `DOCKER_AUTH_CONFIG` holds them itself, `DOCKER_CONFIG` is the folder, else it is ~/.docker.
fn credentials() -> Result<Credentials, Trouble> {
    let told = |from: &str, reason: String| Trouble::Told(format!("{from}: {reason}"));
    if let Some(text) = env::var_os("DOCKER_AUTH_CONFIG") {
        let text = text.to_string_lossy();
        return Credentials::parse(&text).map_err(|reason| told("DOCKER_AUTH_CONFIG", reason));
    }
    let folder = env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| Some(env::home_dir()?.join(".docker")));
    let Some(path) = folder.map(|folder| folder.join("config.json")) else {
        return Ok(Credentials::default());
    };
    match fs::read_to_string(&path) {
        Ok(text) => Credentials::parse(&text).map_err(|reason| told(&path.display().to_string(), reason)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Credentials::default()),
        Err(error) => Err(Trouble::io(&path, &error)),
    }
}

/// What is wrong with the file is told on one line: it may hold logins, which no finding may quote.
fn registries(path: &Path) -> Result<Registries, Trouble> {
    let bytes = fs::read(path).map_err(|error| Trouble::io(path, &error))?;
    let mut sources = Sources::default();
    let file = sources.add(path.display().to_string(), Ok(bytes));
    let mut own = Findings::default();
    let documents = read(&sources, file, Dialect::Manifest, &mut own);
    let registries = match documents.as_slice() {
        [document] => Registries::read(document, &mut own),
        _ => None,
    };
    registries.filter(|_| own.errors() == 0).ok_or_else(|| {
        let first = own.sorted().into_iter().next();
        let what = first.map_or_else(
            || "it is no registries.yaml".to_owned(),
            |finding| {
                let place = sources.place(finding.primary.span);
                format!("line {}: {}", place.line, finding.message)
            },
        );
        Trouble::Told(format!("{}: {what}", path.display()))
    })
}
