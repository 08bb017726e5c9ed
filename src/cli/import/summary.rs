//! What an import tells: what became of each object, and what is to be done next.

use std::path::Path;

use super::Imported;
use super::read::Left;
use crate::cli::show::plural;
use crate::import::{Change, Made, Raw, Typed};
use crate::report::harmless_lines;

/// All of it.
pub(super) fn summary(output: &Path, imported: &Imported, left: &[Left]) -> String {
    let Imported { typed, raw, changes, files, .. } = imported;
    let apps = typed.iter().filter(|typed| typed.path.starts_with("apps/")).count();
    let (apps, rest) = (plural(apps, "app"), plural(raw.len(), "raw object"));
    let mut text = format!("wrote {}: {apps}, {rest}\n", output.display());
    section(&mut text, "typed", typed.iter().map(typed_line));
    section(&mut text, "as they are", raw_lines(raw));
    section(&mut text, "left out", left.iter().map(|Left { path, why }| format!("{path}: {why}")));
    section(&mut text, "what differs, and nothing else does", changes.iter().map(change));
    let secrets = files.iter().filter(|file| file.secret);
    secrets.for_each(|file| text.push_str(&warning(output, file)));
    section(&mut text, "next", next(output, imported));
    harmless_lines(&text)
}

/// A headline with lines; nothing where there are none.
fn section(text: &mut String, head: &str, lines: impl IntoIterator<Item = String>) {
    let lines: Vec<String> = lines.into_iter().map(|line| format!("  {line}\n")).collect();
    if !lines.is_empty() {
        text.push_str(&format!("\n{head}:\n{}", lines.concat()));
    }
}

/// Names are others': a break in one begins no line here.
fn in_line(text: &impl ToString) -> String {
    text.to_string().replace('\n', "\u{240a}")
}

fn typed_line(typed: &Typed) -> String {
    let objects: Vec<String> = typed.objects.iter().map(in_line).collect();
    format!("{}: {}", typed.path, objects.join(", "))
}

fn raw_lines(raw: &[Raw]) -> Vec<String> {
    let (mut lines, mut last) = (Vec::new(), "");
    for Raw { id, path, reason } in raw {
        if path != last {
            lines.push(path.clone());
            last = path;
        }
        lines.push(format!("  {}: {}", in_line(id), in_line(reason)));
    }
    lines
}

fn change(change: &Change) -> String {
    format!("{} ({})\n    {}", change.what, plural(change.objects, "object"), change.why)
}

fn warning(output: &Path, file: &Made) -> String {
    format!(
        "\nwarning: {} holds Secrets with their values: keep it out of the repository, or make them with kubectl and \
         declare their names under `secrets` in stack.yaml\n",
        output.join(&file.path).display()
    )
}

fn next(output: &Path, imported: &Imported) -> Vec<String> {
    let output = output.display();
    let mut lines = Vec::new();
    if imported.nodes == 0 {
        lines.push(format!("write the machines into {output}/stack.yaml (kubectl get nodes -o wide)"));
    }
    for name in &imported.guessed {
        lines.push(format!(
            "look at {name} in {output}/stack.yaml: arm/v7 is a guess, a Pi Zero or Pi 1 is arm/v6"
        ));
    }
    if !imported.release {
        lines.push(format!("write your k3s release into {output}/stack.yaml (k3s --version)"));
    }
    lines.push(format!("stackc lock {output}     what the images run on"));
    lines.push(format!("stackc check {output}"));
    lines
}
