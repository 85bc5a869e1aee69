/** Search, kind and place: what of the Sync page is shown. */
import { Search } from 'lucide-react'
import type { ReactElement } from 'react'
import { operations } from '../operations.ts'
import { searchWords } from '../words/center-words.ts'
import { syncWords } from '../words/words.ts'
import { shownStates, type EntryFilter } from './entry-filter.ts'
import { kindName } from './entry-name.ts'

const stateNames = {
  all: searchWords.all,
  'needs-you': syncWords.needsYou,
  waiting: syncWords.waiting,
  'on-server': syncWords.onServer,
  discarded: syncWords.discarded,
} as const satisfies Record<EntryFilter['state'], string>

/** What the bar shows and tells. */
export interface FilterBarProps {
  readonly filter: EntryFilter
  readonly onChange: (filter: EntryFilter) => void
}

/** Shows the bar. */
export function FilterBar({ filter, onChange }: FilterBarProps): ReactElement {
  return (
    <search className="filter-bar" aria-label={searchWords.region}>
      <label className="field search-field">
        <span>{searchWords.search}</span>
        <span className="with-icon">
          <Search aria-hidden size={18} />
          <input
            type="search"
            value={filter.text}
            maxLength={100}
            placeholder={searchWords.placeholder}
            onChange={(event) => onChange({ ...filter, text: event.target.value })}
            data-testid="search-entries"
          />
        </span>
      </label>
      <label className="field">
        <span>{searchWords.kind}</span>
        <select
          value={filter.type}
          onChange={(event) => onChange({ ...filter, type: event.target.value })}
          data-testid="filter-kind"
        >
          <option value="">{searchWords.allKinds}</option>
          {operations.map(({ type }) => (
            <option key={type} value={type}>
              {kindName(type)}
            </option>
          ))}
        </select>
      </label>
      <div className="chips" role="group" aria-label={searchWords.state}>
        {(['all', ...shownStates] as const).map((state) => (
          <button
            key={state}
            type="button"
            className="chip"
            aria-pressed={filter.state === state}
            onClick={() => onChange({ ...filter, state })}
            data-testid={`filter-${state}`}
          >
            {stateNames[state]}
          </button>
        ))}
      </div>
    </search>
  )
}
