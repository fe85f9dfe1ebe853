// What the page keeps of a session, so that a reload does not sign the person out: the token, and
// the key that signs acts. The browser lets us use that key and read it never.
const kept = 'now';
const gone = 'at the provider'; // a sign-in that is under way there, with its key

function database() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('pawl console', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('session');
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

async function within(mode, use) {
  const opened = await database();
  try {
    return await new Promise((resolve, reject) => {
      const asked = use(opened.transaction('session', mode).objectStore('session'));
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  } finally {
    opened.close();
  }
}

// A browser that keeps nothing (some private windows) is asked to sign in again after a reload.
const read = (name) => within('readonly', (store) => store.get(name)).catch(() => null);
const write = (name, what) => within('readwrite', (store) => store.put(what, name));
const remove = (name) => within('readwrite', (store) => store.delete(name)).catch(() => null);
export const recall = () => read(kept);
export const keep = (session) => write(kept, session).catch(() => null);
export const forget = () => remove(kept);
export const leave = (journey) => write(gone, journey);
export async function comeBack() {
  const journey = await read(gone);
  await remove(gone);
  return journey;
}
