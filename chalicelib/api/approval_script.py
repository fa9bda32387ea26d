"""The approval page's script: plain JavaScript that keeps the token in memory only, and writes text, never markup."""

SCRIPT = r"""
"use strict";
const $ = (id) => document.getElementById(id);
const approvalId = document.body.dataset.approval;
const api = "../v1";
let token = "";
let user = null;
let approval = null;

async function call(method, path, body) {
  const headers = { "Accept": "application/json" };
  if (token) headers["Authorization"] = "Bearer " + token;
  if (body) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(api + path, { method, headers, body: body ? JSON.stringify(body) : undefined });
  } catch (_) {
    throw new Error("The API can't be reached. Try again in a moment.");
  }
  const document_ = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const error = new Error([document_.detail || document_.message || "That did not work.", document_.fix]
      .filter(Boolean).join(" "));
    error.status = answer.status;
    error.detail = document_.detail || error.message;
    throw error;
  }
  return document_;
}

function make(tag, text, kind) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

const when = (text) => new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

function lasting(milliseconds) {
  const minutes = Math.max(0, Math.round(milliseconds / 60000));
  const days = Math.floor(minutes / 1440), hours = Math.floor(minutes / 60) % 24;
  if (days) return days + " d " + hours + " h";
  return hours ? hours + " h " + (minutes % 60) + " min" : minutes + " min";
}

function showPlan(deployment) {
  $("plan").replaceChildren(...deployment.plan.map((step) => {
    const item = make("li", undefined, step.index === approval.step ? "here" : "");
    const dot = make("span", String(step.index + 1), "dot");
    dot.setAttribute("aria-hidden", "true");
    item.append(dot, make("b", step.kind));
    if (step.index === approval.step) item.append(make("span", " · you are asked here", "soft"));
    item.append(make("p", step.detail));
    const reach = step.reach;
    if (reach) {
      const some = (reach.sample || []).slice(0, 5).join(", ");
      item.append(make("p", reach.tenants + " of " + reach.ofTenants + " tenants" + (some ? ": " + some : "")));
    }
    return item;
  }));
}

function showFacts(deployment, version) {
  const facts = [
    ["Plugin", approval.pluginId],
    ["Version", approval.version + (deployment.previousVersion ? ", after " + deployment.previousVersion : "")],
    ["Strategy", deployment.strategy],
    ["Tenants", deployment.affectedTenants + " have it enabled"],
    ["Asked by", approval.requestedBy + ", " + when(approval.requestedAt)],
    ["Package", version ? version.sha256 : "", "code"],
    ["Agreement", approval.binding, "code"],
    ["Deployment", approval.deploymentId, "code"],
  ];
  $("facts").replaceChildren(...facts.filter((fact) => fact[1]).flatMap(([name, value, kind]) => {
    const told = make("dd");
    told.append(make(kind || "span", value));
    return [make("dt", name), told];
  }));
}

function showVoices() {
  $("count").textContent = approval.agreed + " of " + approval.needed + " needed "
    + (approval.needed === 1 ? "approval" : "approvals") + ", from " + approval.roles.join(" or ");
  $("meter").style.width = Math.min(100, 100 * approval.agreed / Math.max(1, approval.needed)) + "%";
  $("voices").replaceChildren(...approval.decisions.map((voice) => {
    const item = make("li");
    item.append(make("span", voice.decision === "approve" ? "✓ " : "✗ ", voice.decision), make("b", voice.by));
    item.append(make("span", (voice.decision === "approve" ? " approved" : " rejected")
      + (voice.reason ? ": " + voice.reason : "") + " · " + when(voice.at), "soft"));
    return item;
  }));
}

// What the API would refuse is told before anybody asks; it refuses all the same.
function whyBarred() {
  const own = approval.decisions.find((voice) => voice.by === user.username);
  if (own) {
    const missing = approval.needed - approval.agreed;
    return "You have approved it. " + missing + (missing === 1 ? " other person" : " other people") + " must as well.";
  }
  if (approval.requestedBy === user.username) return "You asked for this deployment. Somebody else decides on it.";
  if (approval.excluded.includes(user.username)) {
    return "You had a part in this deployment, or its policy leaves you out. Somebody else decides on it.";
  }
  if (!user.roles.some((role) => approval.roles.includes(role))) {
    return "Somebody with the role " + approval.roles.join(" or ") + " decides on it.";
  }
  return "";
}

function timeLeft(isOpen, isOver) {
  if (isOver || approval.status === "Expired") return "expired at " + when(approval.expiresAt);
  if (!isOpen) return "since " + when(approval.decidedAt);
  const left = new Date(approval.expiresAt) - Date.now();
  return left > 0 ? lasting(left) + " left, until " + when(approval.expiresAt) : "open past its time";
}

async function load() {
  approval = await call("GET", "/approvals/" + encodeURIComponent(approvalId));
  const deployment = await call("GET", "/deployments/" + encodeURIComponent(approval.deploymentId));
  const version = await call("GET", "/plugins/" + encodeURIComponent(approval.pluginId) + "/versions/"
    + encodeURIComponent(approval.version)).catch(() => null);
  const isOpen = approval.status === "Pending";
  const isLastTerm = approval.onExpiry === "reject" || (approval.onExpiry === "escalate" && approval.escalatedAt);
  const isOver = isOpen && isLastTerm && new Date(approval.expiresAt) <= Date.now();
  const barred = isOpen && !isOver ? whyBarred() : "";
  const status = isOver ? "Expired" : approval.status;
  $("status").textContent = status;
  $("status").className = "pill " + status;
  $("left").textContent = timeLeft(isOpen, isOver);
  $("title").textContent = approval.pluginId + " " + approval.version + " to " + approval.environment;
  $("summary").textContent = deployment.reason || "No reason was given.";
  showPlan(deployment);
  showFacts(deployment, version);
  showVoices();
  $("decide").hidden = !isOpen || isOver || barred !== "";
  $("barred").textContent = isOver ? "Its time has run out, so nobody can agree to it any more." : barred;
  $("barred").hidden = $("barred").textContent === "";
  $("login").hidden = true;
  $("decision").hidden = false;
}

$("login-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.submitter || event.target.querySelector("button");
  $("login-error").textContent = "";
  button.disabled = true;
  try {
    const login = await call("POST", "/authentication/login",
      { username: $("username").value, password: $("password").value });
    token = login.token;
    user = login.user;
    $("password").value = "";
    await load();
    $("who").textContent = login.user.username + " · " + login.user.roles.join(", ");
    $("leave").hidden = false;
    $("title").focus();
  } catch (error) {
    token = "";
    $("login-error").textContent = error.message;
    $("username").focus();
  } finally {
    button.disabled = false;
  }
});

$("decide").addEventListener("submit", async (event) => {
  event.preventDefault();
  const verb = (event.submitter && event.submitter.value) || "approve";
  const reason = $("reason").value.trim();
  $("decide-error").textContent = "";
  if (verb === "reject" && !reason) {
    $("decide-error").textContent = "Say why: whoever asked reads it.";
    $("reason").focus();
    return;
  }
  const buttons = [...event.target.querySelectorAll("button")];
  buttons.forEach((button) => { button.disabled = true; });
  try {
    await call("POST", "/approvals/" + encodeURIComponent(approvalId) + "/" + verb, { reason });
    $("told").textContent = verb === "approve" ? "You approved it." : "You rejected it.";
    $("reason").value = "";
    await load();
  } catch (error) {
    if (error.status === 401) location.reload();
    $("decide-error").textContent = error.message;
    if (error.status === 409) {
      // Somebody was quicker: show what is, and say why this was not taken.
      $("told").textContent = "That came too late: " + error.detail;
      await load().catch(() => {});
    }
  } finally {
    buttons.forEach((button) => { button.disabled = false; });
  }
});

$("leave").addEventListener("click", () => location.reload());
"""
