//! The rows as trees: a node is walked once, and each of its keys looked up, however many rows there are.

use std::sync::LazyLock;

use super::rows::{CONTAINER, ENV_NAMES, ENV_NAMES_OLD, KINDS, METADATA, POD, TEMPLATE};
use super::{Row, Takes};

/// What is known of a value, and of what it holds.
#[derive(Default)]
pub(super) struct Tree {
    /// What the value itself takes, in the order of the rows.
    pub(super) takes: Vec<&'static Takes>,
    /// Below keys, sorted.
    keys: Vec<(&'static str, Tree)>,
    /// Below every item of a list and every value of a map.
    pub(super) each: Option<Box<Tree>>,
}

/// All trees.
pub(super) struct Trees {
    pub(super) metadata: Tree,
    pub(super) template: Tree,
    pub(super) pod: Tree,
    pub(super) container: Tree,
    /// Names of variables, since Kubernetes 1.32 and before.
    pub(super) env_names: [Tree; 2],
    kinds: Vec<(&'static str, &'static str, Tree)>,
}

/// Made once.
pub(super) static TREES: LazyLock<Trees> = LazyLock::new(|| Trees {
    metadata: Tree::of(METADATA),
    template: Tree::of(TEMPLATE),
    pod: Tree::of(POD),
    container: Tree::of(CONTAINER),
    env_names: [Tree::of(ENV_NAMES), Tree::of(ENV_NAMES_OLD)],
    kinds: KINDS.iter().map(|(group, kind, rows)| (*group, *kind, Tree::of(rows))).collect(),
});

impl Trees {
    /// Of objects of a kind.
    pub(super) fn of_kind(&self, kind: &str, group: &str) -> Option<&Tree> {
        self.kinds.iter().find(|row| row.1 == kind && row.0 == group).map(|row| &row.2)
    }
}

impl Tree {
    fn of(rows: &'static [Row]) -> Tree {
        let mut tree = Tree::default();
        tree.plant(rows);
        tree
    }

    /// What is known of the value of a key.
    pub(super) fn at(&self, key: &str) -> Option<&Tree> {
        let at = self.keys.binary_search_by(|(own, _)| (*own).cmp(key)).ok()?;
        self.keys.get(at).map(|(_, tree)| tree)
    }

    /// Whether it knows of keys.
    pub(super) fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    fn plant(&mut self, rows: &'static [Row]) {
        for (path, takes) in rows {
            let leaf = path.iter().fold(&mut *self, |tree, key| tree.below(key));
            match takes {
                Takes::Fields(rows) => leaf.plant(rows),
                takes => leaf.takes.push(takes),
            }
        }
    }

    fn below(&mut self, key: &'static str) -> &mut Tree {
        if key == "*" {
            return self.each.get_or_insert_default();
        }
        let at = match self.keys.binary_search_by(|(own, _)| (*own).cmp(key)) {
            Ok(at) => at,
            Err(at) => {
                self.keys.insert(at, (key, Tree::default()));
                at
            }
        };
        #[expect(clippy::indexing_slicing, reason = "found or put there just above")]
        &mut self.keys[at].1
    }
}
