// The last picture of every input, kept in this browser. Where it keeps nothing (private windows, a full disk), the page goes on.
"use strict";

const placeOf = (slot) => `${location.pathname} ${state.page.model} ${slot.control.name}`;

function stored(mode, action) {
  return new Promise((done) => {
    const nothing = () => done(null);
    try {
      const opening = indexedDB.open("keras-image-zoo", 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore("pictures");
      opening.onerror = opening.onblocked = nothing;
      opening.onsuccess = () => {
        const transaction = opening.result.transaction("pictures", mode);
        const request = action(transaction.objectStore("pictures"));
        transaction.oncomplete = () => done(request.result ?? null);
        transaction.onerror = transaction.onabort = nothing;
        opening.result.close(); // once the transaction is through
      };
    } catch {
      nothing();
    }
  });
}

const remember = (slot, blob) => stored("readwrite", (store) => store.put({ blob, stem: slot.stem }, placeOf(slot)));
const remembered = (slot) => stored("readonly", (store) => store.get(placeOf(slot)));
const forget = (slot) => stored("readwrite", (store) => store.delete(placeOf(slot)));
