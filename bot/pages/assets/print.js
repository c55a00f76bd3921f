// The button that prints an answer: without JavaScript the browser's own menu does.
const button = document.querySelector("#print");
button.hidden = false;
button.addEventListener("click", () => print());
