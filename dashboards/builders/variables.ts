import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableHide,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'

/** What Grafana replaces by the value of a variable. */
export function placeholder(variable: string): string {
  return `\${${variable}}`
}

/** What every query, variable and annotation asks. */
export const DATASOURCE = { type: 'prometheus', uid: placeholder('datasource') }

interface QueryVariable {
  readonly name: string
  readonly label: string
  readonly description: string
  readonly query: string
}

function queryVariable({ name, label, description, query }: QueryVariable): QueryVariableBuilder {
  return (
    new QueryVariableBuilder(name)
      .label(label)
      .description(description)
      .datasource(DATASOURCE)
      .query(query)
      .definition(query)
      // What is there depends on the time that is looked at.
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.NaturalAsc)
      .hide(VariableHide.DontHide)
  )
}

function several(variable: QueryVariable): VariableModel {
  return queryVariable(variable)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ selected: true, text: ['All'], value: ['$__all'] })
    .build()
}

const datasource: VariableModel = new DatasourceVariableBuilder('datasource')
  .label('Data source')
  .description('The Prometheus that scrapes the exporters.')
  .type('prometheus')
  .hide(VariableHide.DontHide)
  .build()

const job = several({
  name: 'job',
  label: 'Job',
  description: 'Scrape job of the exporters.',
  query: 'label_values(amdahl_exporter_build_info, job)',
})

/** An exporter that answers: the links to the documentation lead there. */
const docs: VariableModel = queryVariable({
  name: 'docs',
  label: 'Documentation',
  description: 'An exporter that answers, for the links to its documentation.',
  query: 'query_result(topk(1, up{job=~"$job"} == 1))',
})
  .regex('/instance="([^"]+)"/')
  .hide(VariableHide.HideVariable)
  .build()

/** Any number of machines, and of the targets there. */
export function variablesOfSeveralTargets(): VariableModel[] {
  return [
    datasource,
    job,
    several({
      name: 'instance',
      label: 'Instance',
      description: 'Machines, by the address of their exporter.',
      query: 'label_values(amdahl_exporter_build_info{job=~"$job"}, instance)',
    }),
    several({
      name: 'target',
      label: 'Target',
      description: 'Services.',
      query: 'label_values(amdahl_target_info{job=~"$job", instance=~"$instance"}, target)',
    }),
    docs,
  ]
}

/** One target, and any number of the machines where it runs. */
export function variablesOfOneTarget(): VariableModel[] {
  return [
    datasource,
    job,
    queryVariable({
      name: 'target',
      label: 'Target',
      description: 'The service.',
      query: 'label_values(amdahl_target_info{job=~"$job"}, target)',
    })
      // Another dashboard may hand over All, which is no target.
      .allowCustomValue(false)
      .build(),
    several({
      name: 'instance',
      label: 'Instance',
      description: 'Machines where the service runs, by the address of their exporter.',
      query: 'label_values(amdahl_target_info{job=~"$job", target="$target"}, instance)',
    }),
    docs,
  ]
}
