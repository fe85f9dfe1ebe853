// What the page keeps of a session, so that a reload does not sign anybody out: the token, and the
// key that signs acts. The browser lets us use that key and read it never.
const kept = 'now';

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
export const recall = () => within('readonly', (store) => store.get(kept)).catch(() => null);
export const keep = (session) =>
  within('readwrite', (store) => store.put(session, kept)).catch(() => null);
export const forget = () => within('readwrite', (store) => store.delete(kept)).catch(() => null);
