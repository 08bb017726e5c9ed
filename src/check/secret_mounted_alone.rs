//! Secrets whose changes do not reach the program.

use super::Facts;
use super::program::{SING_BOX, V2RAY, XRAY, programs};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::yaml::Node;

/// A key mounted as a file.
pub static CODE: Code = Code {
    name: "secret-mounted-alone",
    severity: Severity::Note,
    page: Page {
        about: "A key of a Secret is mounted as a file of its own (`subPath`), which stays as it was when the Secret\n\
                changes: a client that was taken out of a proxy's configuration goes on. Mount the Secret as a folder,\n\
                and restart the pod after a change.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {ghcr.io/sagernet/sing-box: [amd64]}\nsecrets: {tube: [config.json]}\n\
              # apps/tube.yaml\nkind: app\nimage: ghcr.io/sagernet/sing-box:v1.13.0\nargs: [run, \"-C\", /etc/sing-box]\n\
              volumes: {/etc/sing-box/config.json: {secret: {name: tube, key: config.json}}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {ghcr.io/sagernet/sing-box: [amd64]}\nsecrets: {tube: [config.json]}\n\
               # apps/tube.yaml\nkind: app\nimage: ghcr.io/sagernet/sing-box:v1.13.0\nargs: [run, \"-C\", /etc/sing-box]\n\
               volumes: {/etc/sing-box: {secret: tube}}\n",
    },
};

/// Tells each mount of a proxy. (gost lets everybody in without its file, which a mount by key guards against.)
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for program in programs(facts).filter(|program| program.is(&[V2RAY, SING_BOX]) || program.is(XRAY)) {
        let volumes = program.landing.pod.spec.get("volumes").map_or(&[][..], Node::items);
        let secrets: Vec<_> = volumes.iter().filter(|volume| volume.get("secret").is_some()).collect();
        for mount in program.list("volumeMounts").iter().filter(|mount| mount.get("subPath").is_some()) {
            let name = mount.text_at(&["name"]);
            if let Some(path) = mount.get("mountPath").filter(|_| secrets.iter().any(|volume| volume.text_at(&["name"]) == name)) {
                let folder = path.as_text().and_then(|path| path.rsplit_once('/')).map_or("/", |(folder, _)| folder);
                found.push(
                    Finding::new(&CODE, path.span, "a change of the Secret does not reach this file")
                        .help(format!("the whole Secret as a folder: {folder}: {{secret: NAME}}")),
                );
            }
        }
    }
}
