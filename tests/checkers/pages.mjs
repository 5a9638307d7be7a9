// html-validate for the pages

export default {
  root: true,
  extends: ["html-validate:recommended"],
  rules: {
    "doctype-style": "off", // the doctype is written small
    "no-trailing-whitespace": "off", // templates leave some
    "long-title": "off", // titles of pages are headlines
    "no-redundant-for": "error",
  },
};
