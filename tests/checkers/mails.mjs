// html-validate for mails

export default {
  root: true,
  extends: ["html-validate:recommended"],
  rules: {
    "no-inline-style": "off", // mail programs drop style sheets
    "no-deprecated-attr": "off", // Outlook for Windows takes width, align and cell padding from attributes
    "prefer-native-element": "off", // <main> is dropped with its content's style by some; role=main is not
    "long-title": "off", // the title is the subject
  },
};
