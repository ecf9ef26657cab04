// Who came and who went, in the words of the stream. The first messages of a page need them.

import { noticeTexts } from "../../core/extensions.js";

noticeTexts["member.joined"] = (names) => `${names} joined`;
noticeTexts["member.left"] = (names) => `${names} left`;
