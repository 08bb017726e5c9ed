//! What a run made of its input.

use crate::check::Images;
use crate::cluster::Member;
use crate::emit::File;
use crate::finding::{Finding, Findings, Label, Rules, Severity};
use crate::kube::Object;
use crate::overrule;
use crate::source::{FileId, Sources};
use crate::stack::{Outline, Stack};
use crate::yaml::{Map, Overrides};

/// All that a run made of its input.
pub struct Compiled {
    /// The files read.
    pub sources: Sources,
    /// The files that describe the cluster: stack.yaml and what it includes.
    pub cluster_files: Vec<FileId>,
    /// The stack's own file, after those of the bases that it varies.
    pub lineage: Vec<FileId>,
    /// The cluster, if stack.yaml could be understood.
    pub stack: Option<Stack>,
    /// The apps that could be compiled.
    pub apps: Vec<Outline>,
    /// The final objects, in the order of the files.
    pub objects: Vec<Object>,
    /// The files for k3s' folder. Not to be written when there are errors.
    pub files: Vec<File>,
    /// How many images rest on what.
    pub images: Images,
    /// What lay under the values of an overlay.
    pub overrides: Overrides,
    /// What templates know.
    pub names: Map,
    /// What is wrong, by place.
    pub findings: Vec<Finding>,
    /// Findings beyond the most that a run keeps.
    pub dropped: usize,
    /// How many are errors.
    pub errors: usize,
    /// Places where a comment allows what is wrong.
    pub allowed: usize,
    rules: Rules,
}

impl Compiled {
    /// Of nothing but objects.
    pub(super) fn of(sources: Sources, objects: Vec<Object>) -> Compiled {
        Compiled {
            sources,
            cluster_files: Vec::new(),
            lineage: Vec::new(),
            stack: None,
            apps: Vec::new(),
            objects,
            files: Vec::new(),
            images: Images::default(),
            overrides: Overrides::default(),
            names: Map::default(),
            findings: Vec::new(),
            dropped: 0,
            errors: 0,
            allowed: 0,
            rules: Rules::default(),
        }
    }

    /// Takes in what was found, in its order, and counts it.
    pub fn tell(&mut self, mut found: Findings) {
        overrule::unused(&mut found);
        self.sources.hide(found.take_secrets());
        self.dropped = found.dropped();
        self.allowed = found.allowed();
        self.rules = found.take_rules();
        let dropped_errors = found.dropped_errors();
        self.findings = found.sorted();
        for finding in &mut self.findings {
            if let Some(nothing) = self.overrides.nothing(finding.primary.span) {
                nothing.explain(finding);
            } else if let Some(under) = self.overrides.under(finding.primary.span)
                && !finding.labels.iter().any(|label| label.span == under)
            {
                finding.labels.push(Label { span: under, text: "it lies over this".into() });
            }
        }
        let errors = self.findings.iter().filter(|finding| finding.severity == Severity::Error);
        self.errors = errors.count().saturating_add(dropped_errors);
    }

    pub(super) fn member(&self) -> Option<Member<'_>> {
        let stack = self.stack.as_ref()?;
        Some(Member {
            stack,
            objects: &self.objects,
            files: &self.files,
            sources: &self.sources,
            lineage: &self.lineage,
        })
    }

    /// One more, under the same rules as those before.
    pub(super) fn take(&mut self, finding: Finding) {
        let kept_errors = self.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        let (dropped, allowed) = (self.dropped, self.allowed);
        let dropped_errors = self.errors.saturating_sub(kept_errors);
        let mut found = Findings::under(std::mem::take(&mut self.rules));
        let before = self.findings.drain(..).filter(|finding| !overrule::is_unused(finding));
        before.chain([finding]).for_each(|finding| found.push(finding));
        self.tell(found);
        self.dropped = self.dropped.saturating_add(dropped);
        self.allowed = self.allowed.saturating_add(allowed);
        self.errors = self.errors.saturating_add(dropped_errors);
    }
}
