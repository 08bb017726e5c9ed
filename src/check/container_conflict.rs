//! Fields of a container that contradict each other (`pkg/apis/core/validation`).

use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Quantity;
use crate::yaml::{Entry, Node};

/// Two fields of a container that do not go together.
pub static CODE: Code = Code {
    name: "container-conflict",
    severity: Severity::Error,
    page: Page {
        about: "Two fields of a container contradict each other, so the API server refuses the workload: a request above\n\
                its limit, a device that is requested and limited differently, a resource that no machine has,\n\
                `privileged` without escalation.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
              resources: {memory: 64Mi, requests: {memory: 256Mi}}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
               resources: {memory: 256Mi, requests: {memory: 64Mi}}\n",
    },
};

/// Resources that every machine has; others have a `/` in their names, as the device's plugin calls them.
const STANDARD: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// Tells each.
pub(super) fn of_pod(_: &Facts<'_>, landing: &Landing<'_>, found: &mut Findings) {
    for container in landing.pod.containers() {
        if let Some(resources) = container.node.get("resources") {
            self::resources(resources, found);
        }
        if let Some(security) = container.node.get("securityContext") {
            rights(security, found);
        }
    }
}

fn resources(resources: &Node, found: &mut Findings) {
    let entries = |side: &str| resources.get(side).map_or(&[][..], Node::entries);
    let limits = entries("limits");
    for Entry { key, .. } in limits.iter().chain(entries("requests")) {
        let name = key.text.as_ref();
        let known = STANDARD.contains(&name) || name.starts_with("hugepages-") || name.contains('/');
        if !known && !found.tells(key.span) {
            found.push(
                Finding::new(&CODE, key.span, format!("no container has a resource `{name}`"))
                    .help("cpu, memory, ephemeral-storage, or a device by its full name, such as nvidia.com/gpu"),
            );
        }
    }
    for entry in limits.iter().chain(entries("requests")) {
        whole(entry, found);
    }
    for request in entries("requests") {
        match limits.iter().find(|limit| limit.key.text == request.key.text) {
            Some(limit) => amounts(request, limit, found),
            None => unlimited(request, found),
        }
    }
}

/// A device, by its full name, is a thing that is there or not.
fn whole(entry: &Entry, found: &mut Findings) {
    let written = entry.value.written().filter(|_| entry.key.text.contains('/'));
    let Some(text) = written else { return };
    if Quantity::parse(&text).is_ok_and(|amount| amount.nanos() % 1_000_000_000 != 0) {
        let message = format!("`{}` comes in whole ones, this is {text}", entry.key.text);
        found.push(Finding::new(&CODE, entry.value.span, message).note("the API server refuses the workload"));
    }
}

/// Of what cannot be shared, no more is promised than may be used.
fn unlimited(request: &Entry, found: &mut Findings) {
    let name = request.key.text.as_ref();
    if name.contains('/') || name.starts_with("hugepages-") {
        let amount = request.value.written().unwrap_or_default();
        found.push(
            Finding::new(&CODE, request.value.span, format!("`{name}` is requested, but has no limit"))
                .note("the API server refuses the workload: a device is not shared, so both are one number")
                .help(format!("limits: {{{name}: {amount}}}")),
        );
    }
}

/// What is no quantity is told where it is read.
fn amounts(request: &Entry, limit: &Entry, found: &mut Findings) {
    let read = |entry: &Entry| entry.value.written().and_then(|text| Quantity::parse(&text).ok());
    let (Some(asked), Some(most)) = (read(request), read(limit)) else { return };
    let name = request.key.text.as_ref();
    // Devices and huge pages cannot be shared: what is asked for is what there is.
    let whole = !STANDARD.contains(&name);
    let message = if asked > most {
        format!("the request of `{name}` is above its limit")
    } else if whole && asked != most {
        format!("the request of `{name}` is not its limit")
    } else {
        return;
    };
    found.push(
        Finding::new(&CODE, request.value.span, message)
            .also(limit.value.span, "the limit")
            .note("the API server refuses the workload"),
    );
}

fn rights(security: &Node, found: &mut Findings) {
    let is = |key: &str, truth: bool| security.get(key).filter(|node| node.as_bool() == Some(truth));
    if let (Some(all), Some(none)) = (is("privileged", true), is("allowPrivilegeEscalation", false)) {
        found.push(
            Finding::new(&CODE, all.span, "a privileged container cannot do without escalation")
                .also(none.span, "this rules it out")
                .note("the API server refuses the workload")
                .help("leave one of them out, or name the rights that it needs: capabilities: {add: [NET_ADMIN]}"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::of_pod;
    use crate::check::trial::told_of_pods;

    fn container(fields: &str) -> Vec<String> {
        let pod = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec: {{containers: [{{name: web, image: \"registry.example/web:1.0\", {fields}}}]}}\n"
        );
        told_of_pods(of_pod, "", &pod)
    }

    #[test]
    fn a_request_is_at_most_its_limit() {
        assert!(container("resources: {requests: {cpu: 100m, memory: 1Gi}, limits: {cpu: 0.1, memory: 1024Mi}}").is_empty());
        assert_eq!(
            container("resources: {requests: {cpu: 2}, limits: {cpu: 1500m}}"),
            ["2: the request of `cpu` is above its limit"]
        );
    }

    #[test]
    fn a_device_is_asked_for_by_its_name_and_not_shared() {
        assert!(container("resources: {limits: {nvidia.com/gpu: 1, hugepages-2Mi: 4Mi}}").is_empty());
        assert_eq!(container("resources: {limits: {gpu: 1}}"), ["gpu: no container has a resource `gpu`"]);
        assert_eq!(
            container("resources: {requests: {nvidia.com/gpu: 1}, limits: {nvidia.com/gpu: 2}}"),
            ["1: the request of `nvidia.com/gpu` is not its limit"]
        );
    }

    #[test]
    fn privileged_means_escalation() {
        assert!(container("securityContext: {privileged: true, allowPrivilegeEscalation: true}").is_empty());
        assert!(container("securityContext: {privileged: false, allowPrivilegeEscalation: false}").is_empty());
        assert_eq!(
            container("securityContext: {privileged: true, allowPrivilegeEscalation: false}"),
            ["true: a privileged container cannot do without escalation"]
        );
    }
}
