//! What stacks of one cluster say of the cluster itself.

use ipnet::IpNet;

use super::Member;
use crate::finding::{Code, Finding, Page, Severity};
use crate::source::Span;
use crate::stack::ClusterNode;

/// Two stacks that describe one cluster differently.
pub static GROUND: Code = Code {
    name: "cluster-contradicted",
    severity: Severity::Error,
    page: Page {
        about: "Stacks of one cluster say different things of it: the k3s release, its address ranges, what a node runs.\n\
                One of them is wrong, and what was proved with it is, too. A file that all of them name under `include`\n\
                holds such things once.",
        bad: "# stack.yaml\nstackc: 1\nname: home\ncluster: house\nk3s: v1.37.1+k3s1\nnodes: {alpha: {arch: amd64}}\n\
              platforms: {registry.example/web: [amd64]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
              # ../other/stack.yaml\nstackc: 1\nname: media\ncluster: house\nk3s: v1.37.0+k3s1\nnodes: {alpha: {arch: amd64}}\n\
              platforms: {registry.example/web: [amd64]}\n\
              # ../other/apps/films.yaml\nkind: app\nimage: registry.example/web:1.0\n",
        good: "# stack.yaml\nstackc: 1\nname: home\ncluster: house\nk3s: v1.37.1+k3s1\nnodes: {alpha: {arch: amd64}}\n\
               platforms: {registry.example/web: [amd64]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
               # ../other/stack.yaml\nstackc: 1\nname: media\ncluster: house\nk3s: v1.37.1+k3s1\nnodes: {alpha: {arch: amd64}}\n\
               platforms: {registry.example/web: [amd64]}\n\
               # ../other/apps/films.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// What later stacks say against the first.
pub(super) fn told(members: &[(usize, &Member<'_>)]) -> Vec<(usize, Finding)> {
    let Some(((_, first), rest)) = members.split_first() else { return Vec::new() };
    rest.iter()
        .flat_map(|(index, member)| against(member, first).into_iter().map(|finding| (*index, finding)))
        .collect()
}

fn against(own: &Member<'_>, first: &Member<'_>) -> Vec<Finding> {
    let mut told = Vec::new();
    let mut weigh = |severity, span: Span, other: Span, message: String| {
        let stack = &first.stack.name.value;
        let finding =
            Finding::new(&GROUND, span, format!("{message} in the stack `{stack}` of this cluster"));
        let finding = finding.weighs(severity).note(format!("the other: {}", first.at(other)));
        told.push(finding.help("a folder that both name holds it once: include: [../common]"));
    };
    // A stack that needs nothing of a part may leave it out.
    for part in own.stack.disabled.iter().filter(|part| first.stack.disables(&part.value).is_none()) {
        let message = format!("`{}` is disabled here, and not", part.value);
        weigh(Severity::Warning, part.span, first.stack.release_span, message);
    }
    for part in first.stack.disabled.iter().filter(|part| own.stack.disables(&part.value).is_none()) {
        let message = format!("`{}` is not disabled here, but is", part.value);
        weigh(Severity::Warning, own.stack.release_span, part.span, message);
    }
    let mut tell = |span, other, message| weigh(Severity::Error, span, other, message);
    let releases = [own, first].map(|member| member.stack.release.version());
    if let [mine, other] = releases
        && mine != other
    {
        tell(own.stack.release_span, first.stack.release_span, format!("k3s is {mine} here, {other}"));
    }
    let (mine, other) = (&own.stack.network, &first.stack.network);
    for (name, mine, other) in
        [("clusterCIDR", &mine.cluster, &other.cluster), ("serviceCIDR", &mine.service, &other.service)]
    {
        if ranges(mine) != ranges(other) {
            let span = mine.iter().find_map(|(_, at)| *at).unwrap_or(own.stack.span);
            let there = other.iter().find_map(|(_, at)| *at).unwrap_or(first.stack.span);
            tell(span, there, format!("{name} is {} here, {}", words(mine), words(other)));
        }
    }
    for node in &own.stack.nodes {
        let Some(twin) = first.stack.nodes.iter().find(|twin| twin.name.value == node.name.value) else {
            continue;
        };
        if node.platform != twin.platform {
            let message = format!(
                "the node `{}` is {} here, {}",
                node.name.value,
                node.platform.word(),
                twin.platform.word()
            );
            tell(node.arch_span, twin.arch_span, message);
        }
        if let Some((span, there)) = apart(node, twin) {
            tell(span, there, format!("the node `{}` has another address", node.name.value));
        }
    }
    told
}

/// Addresses that both say and that have none in common.
fn apart(node: &ClusterNode, twin: &ClusterNode) -> Option<(Span, Span)> {
    let ((_, span), (_, there)) = (node.ips.first()?, twin.ips.first()?);
    let common = node.ips.iter().any(|(own, _)| twin.ips.iter().any(|(other, _)| own == other));
    (!common).then_some((*span, *there))
}

fn ranges(written: &[(IpNet, Option<Span>)]) -> Vec<IpNet> {
    let mut ranges: Vec<IpNet> = written.iter().map(|(range, _)| *range).collect();
    ranges.sort_unstable();
    ranges
}

fn words(written: &[(IpNet, Option<Span>)]) -> String {
    ranges(written).iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}
