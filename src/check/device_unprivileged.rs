//! Devices that a container cannot open.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// A device of the node in a container that is not privileged.
pub static CODE: Code = Code {
    name: "device-unprivileged",
    severity: Severity::Error,
    page: Page {
        about: "A container mounts a device of its node and is not privileged. The file is there, but the container's\n\
                cgroup refuses to open it: `operation not permitted`, whatever the file's owner and mode.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
              volumes: {/dev/ttyACM0: {device: /dev/ttyACM0}}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
               volumes: {/dev/ttyACM0: {device: /dev/ttyACM0}}\nsecurityContext: {privileged: true}\n",
    },
};

/// Tells each device of each container.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for landing in &facts.landings {
        for device in landing.pod.devices().into_iter().filter(|device| !device.is_allowed()) {
            let (role, name) = (device.container.role.word(), device.container.name);
            let path = device.path.as_text().unwrap_or_default();
            found.push(
                Finding::new(&CODE, device.path.span, format!("the {role} `{name}` may not open {path}"))
                    .label(format!("{} mounts it", landing.object.id))
                    .note("only a privileged container may open devices of its node")
                    .help("securityContext: {privileged: true}"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{pod, told};

    #[test]
    fn only_a_privileged_container_opens_devices() {
        let stick = "  volumes: [{name: stick, hostPath: {path: /dev/ttyACM0}}]\n";
        let mounts = ", volumeMounts: [{name: stick, mountPath: /dev/ttyACM0}]";
        let told = |container: &str| told(super::run, "", &pod(stick, container));
        let message = "/dev/ttyACM0: the container `web` may not open /dev/ttyACM0";
        assert_eq!(told(mounts), [message]);
        assert_eq!(told(&format!("{mounts}, securityContext: {{runAsUser: 0}}")), [message]);
        assert_eq!(told(&format!("{mounts}, securityContext: {{privileged: true}}")), [""; 0]);
        assert_eq!(told(""), [""; 0]);
    }
}
