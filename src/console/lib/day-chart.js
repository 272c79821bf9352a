// <day-chart .bars=${…}>: one stacked bar a day. Heights are drawn from numbers; what is read at them is the API's own text.

// As ticks are: short, and no sum of anything.
const tick = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', maximumFractionDigits: 9 });

const colours = ['--series-1', '--series-2', '--series-3', '--series-4', '--series-5', '--series-6', '--series-7', '--series-8'];

class DayChart extends HTMLElement {
  #bars = { days: [], series: [], label: '' };
  #chart = null;
  #dark = matchMedia('(prefers-color-scheme: dark)');
  #redraw = () => this.#draw();

  /** `{ label, days: ['2026-11-21'], series: [{ name, heights: [1.5], texts: ['$1.50'] }] }` */
  set bars(bars) {
    this.#bars = bars;
    this.#draw();
  }

  connectedCallback() {
    this.#dark.addEventListener('change', this.#redraw);
    this.#draw();
  }

  disconnectedCallback() {
    this.#dark.removeEventListener('change', this.#redraw);
    this.#chart?.destroy();
    this.#chart = null;
  }

  async #draw() {
    if (!this.isConnected) {
      return;
    }
    // Only this page needs it, and it is larger than everything else together.
    await import('../vendor/chart.js/chart.umd.min.js');
    if (!this.isConnected) {
      return;
    }
    this.#chart?.destroy();
    const canvas = document.createElement('canvas');
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', this.#bars.label);
    this.replaceChildren(canvas);
    this.#chart = new globalThis.Chart(canvas, this.#config());
  }

  #config() {
    const style = getComputedStyle(this);
    const { days, series } = this.#bars;
    const axis = { stacked: true, ticks: { color: style.color }, grid: { color: style.getPropertyValue('--line') } };
    return {
      type: 'bar',
      data: {
        labels: days,
        datasets: series.map(({ name, heights }, i) => ({ label: name, data: heights, maxBarThickness: 80, backgroundColor: style.getPropertyValue(colours[i % colours.length]) })),
      },
      options: {
        animation: false,
        maintainAspectRatio: false,
        interaction: { mode: 'index' },
        scales: { x: axis, y: { ...axis, beginAtZero: true, ticks: { ...axis.ticks, callback: (value) => tick.format(value) } } },
        plugins: {
          legend: { labels: { color: style.color } },
          tooltip: {
            filter: (item) => item.parsed.y !== 0,
            callbacks: { label: (item) => `${item.dataset.label}: ${series[item.datasetIndex].texts[item.dataIndex]}` },
          },
        },
      },
    };
  }
}

customElements.define('day-chart', DayChart);
