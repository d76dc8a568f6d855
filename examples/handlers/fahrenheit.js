// Answers every record with its reading in degrees Fahrenheit. What is written
// with console.error goes to pipeline's log.
let rest = "";
process.stdin.setEncoding("utf8").on("data", (chunk) => {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop();
  process.stdout.write(lines.map(answer).join(""));
});

function answer(line) {
  const { id, value } = JSON.parse(line);
  try {
    value.value = Math.round((value.value * 9 / 5 + 32) * 100) / 100;
    return JSON.stringify({ id, value }) + "\n";
  } catch (e) {
    return JSON.stringify({ id, error: String(e) }) + "\n";
  }
}
