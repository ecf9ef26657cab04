// What is meant for the server, not for the room.

/** Whether a text is a command; two strokes say that it is none. */
export const isCommand = (text) => text.startsWith("/") && !text.startsWith("//");
