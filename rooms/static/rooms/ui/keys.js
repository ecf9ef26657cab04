// Keys of a keyboard, as far as browsers differ in telling of them.

const WITHIN_COMPOSITION = 229;

/** Whether a key belongs to an input method: Enter then chooses what it offers. Safari tells of the
 *  key that ends a composition after its end, and only by this number. */
export const composes = (event) => event.isComposing || event.keyCode === WITHIN_COMPOSITION;
