//! What happens to one file: what it becomes, and what leaves it.

use std::collections::BTreeSet;

use super::folder::{Found, State};
use super::held::{self, Held, held};
use super::plan::{Does, Fate, Leaving, PATIENCE, Refusal, Step, Wanted, Wish};
use super::record::{Made, Owned};
use super::refuse;
use crate::k3s::Release;
use crate::kube::ObjectId;
use crate::kube::digest::digest;

/// A file as it is and as the stack wants it.
pub(super) struct File<'a> {
    name: &'a str,
    old: Option<&'a Found>,
    objects: Vec<Held>,
    own: Option<&'a Owned>,
    new: Option<&'a (&'a str, Vec<Held>)>,
}

/// What of the old file stays in it, and what becomes of what leaves.
#[derive(Default)]
struct Rest {
    documents: Vec<String>,
    /// What the documents are.
    made: Vec<Made>,
    leaving: Vec<Leaving>,
    removing: Vec<String>,
    guarding: Vec<String>,
    begins: bool,
}

/// What the new file does not hold.
#[derive(Default)]
struct Left<'a> {
    /// Nothing of the stack holds it.
    gone: Vec<&'a Held>,
    /// A later file of the stack does, and nothing guards it on its way.
    moved: Vec<&'a Held>,
}

impl<'a> File<'a> {
    pub(super) fn of(name: &'a str, wanted: &'a Wanted<'a>, state: &'a State) -> File<'a> {
        let old = state.files.get(name);
        let own = state.record.files.get(name);
        let mut objects =
            old.and_then(|old| old.text()).and_then(|text| held(name, text).ok()).unwrap_or_default();
        // Of a file that is gone, torn or edited, k3s may still have what stackc wrote.
        if let Some(own) = own.filter(|own| old.is_none_or(|old| !own.holds.contains(&old.hash().to_owned())))
        {
            let there: BTreeSet<String> = objects.iter().map(|object| object.id.path()).collect();
            let missing = own.objects.iter().filter(|made| !there.contains(&made.object));
            objects.extend(missing.map(Held::recorded));
        }
        File { name, old, objects, own, new: wanted.files.get(name) }
    }

    /// Since when the file waits for its next step. A time to come, or one from before stackc was written, is a clock
    /// that was wrong: the wait begins anew.
    fn since(&self, wish: &Wish<'_>) -> Option<u64> {
        let since = self.own?.since?;
        Some(if (WRITTEN..=wish.now).contains(&since) { since } else { wish.now })
    }

    /// What happens to it.
    ///
    /// # Errors
    /// Why nothing may.
    pub(super) fn step(&self, wish: &Wish<'_>, wanted: &Wanted<'_>) -> Result<Step, Refusal> {
        if let Some(old) = self.old {
            let new = self.new.map(|(text, _)| *text);
            refuse::not_ours(self.name, old, self.own, new, wish.sure)?;
        }
        let rest = self.rest(wish, wanted)?;
        let before = self.old.map(|old| old.hash().to_owned());
        let (does, text, begins) = self.becomes(wish, &rest);
        let same = !does.changes();
        let after = match &text {
            Some(text) => Some(digest(text.as_bytes())),
            None => before.clone().filter(|_| same),
        };
        let begins = begins || rest.begins;
        let since = self.since(wish).filter(|_| {
            // A file that is whole waits for nothing.
            let tombstone = same && self.new.is_none() && rest.documents.is_empty();
            tombstone || !rest.removing.is_empty() || !rest.guarding.is_empty()
        });
        let Rest { removing, guarding, mut made, .. } = rest;
        made.extend(self.new.iter().flat_map(|(_, objects)| objects).map(Held::made));
        made.sort();
        let owned =
            after.clone().map(|hash| Owned { holds: vec![hash], objects: made, removing, guarding, since });
        Ok(Step {
            name: self.name.to_owned(),
            does,
            before,
            after,
            leaving: rest.leaving,
            text: text.filter(|_| !same),
            owned,
            begins,
        })
    }

    /// What is done, the text that will be there, and whether k3s' time begins.
    fn becomes(&self, wish: &Wish<'_>, rest: &Rest) -> (Does, Option<String>, bool) {
        let old = self.old.and_then(Found::text);
        let text = match self.new {
            Some((text, _)) => with_documents((*text).to_owned(), &rest.documents),
            None if !rest.documents.is_empty() => with_documents(left(self.name), &rest.documents),
            None => return self.goes(wish),
        };
        let open = matches!(self.old, Some(Found::File { open: true, .. }));
        if old == Some(text.as_str()) && !open {
            (Does::Keep, Some(text), false)
        } else {
            (Does::Write, Some(text), false)
        }
    }

    /// A file of which nothing stays.
    fn goes(&self, wish: &Wish<'_>) -> (Does, Option<String>, bool) {
        let since = self.since(wish);
        let Some(old) = self.old else {
            // A run that was killed may have removed it and not come to say so.
            let does = if since.is_some() { Does::Remove } else { Does::Forget };
            return (does, None, false);
        };
        if !wish.release.prunes_emptied_file() {
            return (Does::Remove, None, false);
        }
        let tombstone = tombstone(self.name);
        if old.text() != Some(tombstone.as_str()) {
            return (Does::Tombstone, Some(tombstone), true);
        }
        match since {
            Some(since) if is_due(since, wish.now) => (Does::Remove, None, false),
            since => (Does::Wait, Some(tombstone), since.is_none()),
        }
    }

    fn rest(&self, wish: &Wish<'_>, wanted: &Wanted<'_>) -> Result<Rest, Refusal> {
        let new = self.new.map_or(&[][..], |(_, objects)| objects);
        let mut rest = Rest::default();
        let Left { gone, moved } = self.left(new, wish, wanted, &mut rest)?;
        if self.old.is_none() && self.new.is_none() {
            for object in gone {
                rest.leaves(object, Fate::Stays, true);
            }
            return Ok(rest);
        }
        let kept = |object: &Held| object.has_data() && !self.is_named(object, wish);
        // What k3s goes by when it decides what to delete: what the file will hold in the end.
        let last: Vec<&ObjectId> =
            new.iter().chain(gone.iter().copied().filter(|o| kept(o))).map(|o| &o.id).collect();
        for object in new.iter().filter(|object| object.guarded()) {
            rest.guards(object, self, wish);
        }
        let mut others = Vec::new();
        let mut now: Vec<&ObjectId> = last.clone();
        for object in gone {
            if kept(object) {
                self.keep(object, wish, &mut rest)?;
            } else if object.has_data() && self.lingers(object, wish, &last, &mut rest) {
                now.push(&object.id);
            } else {
                others.push(object);
            }
        }
        for object in others {
            // An object with data went by the file's end; the rest by what k3s reads now.
            let by = if object.has_data() { &last } else { &now };
            self.leaves(object, is_pruned(wish.release, &object.id, by), &mut rest);
        }
        for object in moved.into_iter().filter(|object| is_pruned(wish.release, &object.id, &now)) {
            rest.leaves(object, Fate::Recreated, true);
        }
        Ok(rest)
    }

    /// What is not in the new file. What is there under another version of its API is told.
    fn left<'h>(
        &'h self,
        new: &[Held],
        wish: &Wish<'_>,
        wanted: &Wanted<'_>,
        rest: &mut Rest,
    ) -> Result<Left<'h>, Refusal> {
        let mut left = Left::default();
        for object in &self.objects {
            if let Some(same) = new.iter().find(|new| new.id.key() == object.id.key()) {
                // k3s looks for what left a file by the version of its API.
                let other = same.id.api_version != object.id.api_version && !object.guarded();
                if other && wish.release.prunes_emptied_file() {
                    rest.leaves(object, Fate::Reversioned, true);
                }
                continue;
            }
            match wanted.homes.get(&held::identity(&object.id)) {
                // An earlier file takes over what a later one has, before that one is read.
                Some(home) if *home > self.name => {
                    refuse::unguarded_move(self.name, home, object, self.is_guarding(object, wish))?;
                    left.moved.extend((!object.guarded()).then_some(object));
                }
                Some(_) => {}
                None => left.gone.push(object),
            }
        }
        Ok(left)
    }

    /// Whether an object with data may go: this run names it, or an earlier one did.
    fn is_named(&self, object: &Held, wish: &Wish<'_>) -> bool {
        let key = object.id.path();
        let agreed = self.own.is_some_and(|own| own.removing.contains(&key));
        agreed || wish.remove.iter().any(|written| held::means(written, &key))
    }

    /// An object with data that nobody named stays in the file.
    fn keep(&self, object: &Held, wish: &Wish<'_>, rest: &mut Rest) -> Result<(), Refusal> {
        if rest.stays(object, true) {
            rest.guards(object, self, wish);
            rest.leaves(object, Fate::Kept, false);
        } else if object.guarded() {
            rest.leaves(object, Fate::Stays, false);
        } else {
            return Err(refuse::lost(self.name, object));
        }
        Ok(())
    }

    /// An object that nothing holds in the file.
    fn leaves(&self, object: &Held, pruned: bool, rest: &mut Rest) {
        let labelled = object.guarded() && (!object.has_data() || object.is_recorded());
        let fate = match pruned {
            _ if labelled => Fate::Stays,
            true => Fate::Deleted,
            false => Fate::Orphaned,
        };
        let agreed = self.own.is_some_and(|own| own.removing.contains(&object.id.path()));
        rest.leaves(object, fate, agreed);
    }

    /// Whether k3s may not have seen yet that an object is guarded.
    fn is_guarding(&self, object: &Held, wish: &Wish<'_>) -> bool {
        let own = self.own.filter(|own| own.guarding.contains(&object.id.path()));
        own.and(self.since(wish)).is_some_and(|since| !is_due(since, wish.now))
    }

    /// An object with data that was named stays once more if the cluster may still have the label that guards it.
    fn lingers(&self, object: &Held, wish: &Wish<'_>, last: &[&ObjectId], rest: &mut Rest) -> bool {
        let key = object.id.path();
        let own = self.own.filter(|own| own.removing.contains(&key));
        let due = own.and(self.since(wish)).is_some_and(|since| wish.sure || is_due(since, wish.now));
        let fate = match (object.guarded(), own) {
            // Without the label from the start, or k3s has had its time, or k3s would not delete it anyway.
            _ if object.is_recorded() || !is_pruned(wish.release, &object.id, last) => return false,
            (false, None) => return false,
            (false, Some(_)) if due => return false,
            (false, Some(_)) => Fate::Waiting,
            (true, _) => Fate::Unguarded,
        };
        rest.begins |= fate == Fate::Unguarded;
        rest.stays(object, false);
        rest.removing.push(key);
        rest.leaves(object, fate, own.is_some());
        true
    }
}

impl Rest {
    /// An object stays in the file, with the label that guards it or without; false if only the record knows of it.
    fn stays(&mut self, object: &Held, guarded: bool) -> bool {
        let Some(document) = object.document(guarded) else { return false };
        self.documents.push(document);
        self.made.push(Made { guarded, ..object.made() });
        true
    }

    /// An object that the file will hold with the label: it may be new to it.
    fn guards(&mut self, object: &Held, file: &File<'_>, wish: &Wish<'_>) {
        let old = file.objects.iter().find(|old| old.id == object.id);
        let fresh = object.has_data() && old.is_some_and(|old| !old.guarded());
        self.begins |= fresh;
        if fresh || file.is_guarding(object, wish) {
            self.guarding.push(object.id.path());
        }
    }

    fn leaves(&mut self, object: &Held, fate: Fate, agreed: bool) {
        let by_hand = held::kubectl_delete(&object.id);
        self.leaving.push(Leaving { object: object.id.path(), fate, by_hand, agreed });
    }
}

/// No install is older (2024, in seconds of Unix time): a machine without a clock of its own starts in 1970.
const WRITTEN: u64 = 1_704_067_200;

fn is_due(since: u64, now: u64) -> bool {
    now.saturating_sub(since) >= PATIENCE
}

/// Whether k3s deletes an object that its file, which holds `rest`, names no more.
fn is_pruned(release: Release, object: &ObjectId, rest: &[&ObjectId]) -> bool {
    let emptied = release.prunes_emptied_file();
    if rest.is_empty() {
        return emptied;
    }
    rest.iter().any(|other| {
        let kind = emptied || (&other.api_version, &other.kind) == (&object.api_version, &object.kind);
        kind && (release.prunes_left_namespace() || other.namespace == object.namespace)
    })
}

/// The comment that a file becomes when nothing of it stays. The same at any time, so that it is written once.
fn tombstone(name: &str) -> String {
    format!("# stackc: {name} has left the stack: k3s deletes what it made\n")
}

/// The first line of a file of which only what holds data stays.
fn left(name: &str) -> String {
    format!(
        "# stackc: {name} has left the stack: what holds data stays until stackc install --remove names it\n"
    )
}

fn with_documents(mut text: String, documents: &[String]) -> String {
    for document in documents {
        // A first line of comment alone is no document.
        if text.lines().nth(1).is_some() {
            text.push_str("---\n");
        }
        text.push_str(document);
    }
    text
}
